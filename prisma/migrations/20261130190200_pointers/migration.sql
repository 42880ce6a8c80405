-- Pointers of several epochs, to all members or to named hospitals; references; listing to named hospitals.

-- Which hospitals a patient is listed to, sealed: what a patient is treated for could be read from them.
ALTER TABLE "patient" ADD COLUMN "sealed_hospitals" BYTEA;

-- A tag has a recipe and an epoch of its own. The tags made with the one guardian's key count no more: as epoch 0 they say which
-- patients have to be evaluated anew, and go when that is done. What was published with them has another layout and ends by itself.
DROP INDEX "patient_tag_listing_expires_at_idx";
ALTER TABLE "patient_tag" DROP CONSTRAINT "patient_tag_pkey";
ALTER TABLE "patient_tag" RENAME COLUMN "identifier_token" TO "input_token";
ALTER TABLE "patient_tag" ADD COLUMN "recipe" TEXT NOT NULL DEFAULT 'identifier/1';
ALTER TABLE "patient_tag" ALTER COLUMN "recipe" DROP DEFAULT;
UPDATE "patient_tag" SET "epoch" = 0;
ALTER TABLE "patient_tag" DROP COLUMN "sequence", DROP COLUMN "slot", DROP COLUMN "listing", DROP COLUMN "expires_at";
ALTER TABLE "patient_tag" ADD CONSTRAINT "patient_tag_pkey" PRIMARY KEY ("patient_id", "input_token", "epoch");

-- CreateTable
CREATE TABLE "pointer" (
    "patient_id" UUID NOT NULL,
    "input_token" BYTEA NOT NULL,
    "epoch" INTEGER NOT NULL,
    "recipient_token" BYTEA NOT NULL,
    "sealed_recipient" BYTEA NOT NULL,
    "sequence" BIGINT NOT NULL,
    "slot" INTEGER NOT NULL,
    "touched" INTEGER NOT NULL,
    "state" TEXT,
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "pointer_pkey" PRIMARY KEY ("patient_id","input_token","epoch","recipient_token")
);

-- CreateIndex
CREATE INDEX "pointer_epoch_state_expires_at_idx" ON "pointer"("epoch", "state", "expires_at");

-- AddForeignKey
ALTER TABLE "pointer" ADD CONSTRAINT "pointer_patient_id_input_token_epoch_fkey" FOREIGN KEY ("patient_id", "input_token", "epoch") REFERENCES "patient_tag"("patient_id", "input_token", "epoch") ON DELETE CASCADE ON UPDATE CASCADE;

-- CreateTable
CREATE TABLE "published_reference" (
    "subject_id" UUID NOT NULL,
    "dummy_generation" INTEGER,
    "content_id" TEXT NOT NULL,
    "sequence" BIGINT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "published_reference_pkey" PRIMARY KEY ("subject_id")
);

-- CreateIndex
CREATE INDEX "published_reference_expires_at_idx" ON "published_reference"("expires_at");

-- Every patient's reference is due at once.
INSERT INTO "published_reference" ("subject_id", "content_id", "sequence", "expires_at")
SELECT "patient_id", "content_id", "sequence", TIMESTAMPTZ '1970-01-01 00:00:00+00' FROM "manifest";
