-- CreateTable
CREATE TABLE "guardian_key" (
    "epoch" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    "statement" BYTEA NOT NULL,

    CONSTRAINT "guardian_key_pkey" PRIMARY KEY ("epoch")
);

-- CreateTable
CREATE TABLE "guardian_share" (
    "epoch" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    "sealed" BYTEA NOT NULL,

    CONSTRAINT "guardian_share_pkey" PRIMARY KEY ("epoch","version")
);

-- CreateTable
CREATE TABLE "guardian_ceremony" (
    "epoch" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    "attempt" INTEGER NOT NULL,
    "phase" TEXT NOT NULL,
    "sealed" BYTEA NOT NULL,

    CONSTRAINT "guardian_ceremony_pkey" PRIMARY KEY ("epoch","version")
);

-- CreateTable
CREATE TABLE "guardian_count" (
    "period" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,

    CONSTRAINT "guardian_count_pkey" PRIMARY KEY ("period","subject")
);

-- CreateTable
CREATE TABLE "guardian_admissions" (
    "hospital" TEXT NOT NULL,
    "admitted" BIGINT NOT NULL,
    "audit_sequence" BIGINT NOT NULL,
    "stated_at" TIMESTAMPTZ(3) NOT NULL,
    "credited" BIGINT NOT NULL,
    "allowance" DOUBLE PRECISION NOT NULL,
    "allowed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "guardian_admissions_pkey" PRIMARY KEY ("hospital")
);
