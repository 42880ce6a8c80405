-- AlterTable
ALTER TABLE "keys"."erasure_epoch" ADD COLUMN     "root_key_id" TEXT NOT NULL DEFAULT 'root-1';

-- AlterTable
ALTER TABLE "keys"."patient_key" ADD COLUMN     "number" INTEGER NOT NULL DEFAULT 1;

-- AlterTable
ALTER TABLE "admission_ticket" ADD COLUMN     "name" TEXT;

-- AlterTable
ALTER TABLE "sent_request" ADD COLUMN     "recipient_key_id" TEXT;

-- AlterTable
ALTER TABLE "staff_account" ADD COLUMN     "password_expired" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "provider_token" BYTEA,
ADD COLUMN     "sealed_totp" BYTEA,
ADD COLUMN     "totp_confirmed_at" TIMESTAMPTZ(3),
ADD COLUMN     "totp_last_step" BIGINT,
ALTER COLUMN "password_hash" DROP NOT NULL;

-- AlterTable
ALTER TABLE "staff_session" ADD COLUMN     "expires_at" TIMESTAMPTZ(3),
ADD COLUMN     "method" TEXT NOT NULL DEFAULT 'password',
ADD COLUMN     "step_up_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "keys"."node_key" (
    "id" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "root_key_id" TEXT,
    "wrapped_key" BYTEA,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "activated_at" TIMESTAMPTZ(3),
    "retired_at" TIMESTAMPTZ(3),
    "destroyed_at" TIMESTAMPTZ(3),

    CONSTRAINT "node_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "keys"."rewrap_job" (
    "id" UUID NOT NULL,
    "level" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "cursor" TEXT,
    "done" INTEGER NOT NULL DEFAULT 0,
    "total" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),
    "error_code" TEXT,

    CONSTRAINT "rewrap_job_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "did_history" (
    "did" TEXT NOT NULL,
    "version_number" INTEGER NOT NULL,
    "version_id" TEXT NOT NULL,
    "history" TEXT NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "did_history_pkey" PRIMARY KEY ("did")
);

-- CreateTable
CREATE TABLE "status_list" (
    "authority" TEXT NOT NULL,
    "issued_at" TIMESTAMPTZ(3) NOT NULL,
    "jws" BYTEA NOT NULL,

    CONSTRAINT "status_list_pkey" PRIMARY KEY ("authority")
);

-- CreateTable
CREATE TABLE "membership" (
    "did" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "status_index" INTEGER,
    "history" TEXT NOT NULL,
    "reason_code" TEXT,
    "applied_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_at" TIMESTAMPTZ(3),
    "decided_by" TEXT,

    CONSTRAINT "membership_pkey" PRIMARY KEY ("did")
);

-- CreateTable
CREATE TABLE "staff_passkey" (
    "credential_id" BYTEA NOT NULL,
    "staff_id" UUID NOT NULL,
    "public_key" BYTEA NOT NULL,
    "sign_count" BIGINT NOT NULL,
    "transports" TEXT[],
    "label" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "staff_passkey_pkey" PRIMARY KEY ("credential_id")
);

-- CreateTable
CREATE TABLE "staff_recovery_code" (
    "code_hash" BYTEA NOT NULL,
    "staff_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "staff_recovery_code_pkey" PRIMARY KEY ("code_hash")
);

-- CreateTable
CREATE TABLE "sign_in_challenge" (
    "token_hash" BYTEA NOT NULL,
    "kind" TEXT NOT NULL,
    "staff_id" UUID,
    "sealed" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sign_in_challenge_pkey" PRIMARY KEY ("token_hash")
);

-- CreateTable
CREATE TABLE "sign_in_failure" (
    "subject_token" BYTEA NOT NULL,
    "count" INTEGER NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,
    "announced" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "sign_in_failure_pkey" PRIMARY KEY ("subject_token")
);

-- CreateTable
CREATE TABLE "integration_client" (
    "client_id" TEXT NOT NULL,
    "staff_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "key_set" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "integration_client_pkey" PRIMARY KEY ("client_id")
);

-- CreateTable
CREATE TABLE "used_assertion" (
    "id_hash" BYTEA NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "used_assertion_pkey" PRIMARY KEY ("id_hash")
);

-- CreateIndex
CREATE INDEX "node_key_state_idx" ON "keys"."node_key"("state");

-- CreateIndex
CREATE INDEX "node_key_root_key_id_idx" ON "keys"."node_key"("root_key_id");

-- CreateIndex
CREATE UNIQUE INDEX "node_key_purpose_number_key" ON "keys"."node_key"("purpose", "number");

-- CreateIndex
CREATE INDEX "rewrap_job_state_idx" ON "keys"."rewrap_job"("state");

-- CreateIndex
CREATE UNIQUE INDEX "membership_status_index_key" ON "membership"("status_index");

-- CreateIndex
CREATE INDEX "membership_state_applied_at_idx" ON "membership"("state", "applied_at");

-- CreateIndex
CREATE INDEX "staff_passkey_staff_id_idx" ON "staff_passkey"("staff_id");

-- CreateIndex
CREATE INDEX "staff_recovery_code_staff_id_idx" ON "staff_recovery_code"("staff_id");

-- CreateIndex
CREATE INDEX "sign_in_challenge_expires_at_idx" ON "sign_in_challenge"("expires_at");

-- CreateIndex
CREATE INDEX "sign_in_failure_last_at_idx" ON "sign_in_failure"("last_at");

-- CreateIndex
CREATE UNIQUE INDEX "integration_client_staff_id_key" ON "integration_client"("staff_id");

-- CreateIndex
CREATE INDEX "used_assertion_expires_at_idx" ON "used_assertion"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "staff_account_provider_token_key" ON "staff_account"("provider_token");

-- AddForeignKey
ALTER TABLE "staff_passkey" ADD CONSTRAINT "staff_passkey_staff_id_fkey" FOREIGN KEY ("staff_id") REFERENCES "staff_account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "staff_recovery_code" ADD CONSTRAINT "staff_recovery_code_staff_id_fkey" FOREIGN KEY ("staff_id") REFERENCES "staff_account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "integration_client" ADD CONSTRAINT "integration_client_staff_id_fkey" FOREIGN KEY ("staff_id") REFERENCES "staff_account"("id") ON DELETE CASCADE ON UPDATE CASCADE;
