-- Written by Prisma from prisma/schema.prisma, apart from the collation of dht_value.namespace (values are read in the order of
-- bytes) and the deletion at the end: values of the DHT of before stood in datastore_entry, where nothing looks any more. Owners
-- publish theirs anew each day.

-- CreateTable
CREATE TABLE "dht_value" (
    "namespace" TEXT COLLATE "C" NOT NULL,
    "key" BYTEA NOT NULL,
    "placement" BYTEA NOT NULL,
    "owner" TEXT NOT NULL,
    "sequence" BIGINT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "guarded_until" TIMESTAMPTZ(3) NOT NULL,
    "value" BYTEA,
    "attachment_hash" BYTEA,
    "own" BOOLEAN NOT NULL,
    "source" TEXT NOT NULL,
    "charged_bytes" INTEGER NOT NULL,

    CONSTRAINT "dht_value_pkey" PRIMARY KEY ("namespace","key")
);

-- CreateTable
CREATE TABLE "dht_attachment" (
    "hash" BYTEA NOT NULL,
    "bytes" BYTEA NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "dht_attachment_pkey" PRIMARY KEY ("hash")
);

-- CreateIndex
CREATE INDEX "dht_value_placement_namespace_key_idx" ON "dht_value"("placement", "namespace", "key");

-- CreateIndex
CREATE INDEX "dht_value_source_idx" ON "dht_value"("source");

-- CreateIndex
CREATE INDEX "dht_value_expires_at_idx" ON "dht_value"("expires_at");

-- CreateIndex
CREATE INDEX "dht_value_guarded_until_idx" ON "dht_value"("guarded_until");

-- CreateIndex
CREATE INDEX "dht_attachment_expires_at_idx" ON "dht_attachment"("expires_at");

DELETE FROM "datastore_entry" WHERE "key" >= '/dht/' AND "key" < '/dht0' OR "key" >= '/carecord/seen/' AND "key" < '/carecord/seen0';
