-- Written by Prisma from prisma/schema.prisma, apart from the collation of datastore_entry.key (queries ask for a prefix,
-- which needs the order of bytes) and the last part, which Prisma has no words for.

-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "keys";

-- CreateTable
CREATE TABLE "patient" (
    "id" UUID NOT NULL,
    "logical_token" BYTEA NOT NULL,
    "listing" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "patient_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "patient_identifier" (
    "patient_id" UUID NOT NULL,
    "token" BYTEA NOT NULL,

    CONSTRAINT "patient_identifier_pkey" PRIMARY KEY ("patient_id","token")
);

-- CreateTable
CREATE TABLE "record" (
    "id" UUID NOT NULL,
    "logical_token" BYTEA NOT NULL,
    "resource_type" TEXT NOT NULL,
    "patient_id" UUID,
    "current_version" INTEGER NOT NULL,

    CONSTRAINT "record_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "record_version" (
    "record_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "content_id" TEXT NOT NULL,
    "ciphertext" BYTEA NOT NULL,
    "wrapped_data_key" BYTEA NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "record_version_pkey" PRIMARY KEY ("record_id","number")
);

-- CreateTable
CREATE TABLE "manifest" (
    "patient_id" UUID NOT NULL,
    "sequence" INTEGER NOT NULL,
    "content_id" TEXT NOT NULL,
    "ciphertext" BYTEA NOT NULL,
    "wrapped_data_key" BYTEA NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "manifest_pkey" PRIMARY KEY ("patient_id")
);

-- CreateTable
CREATE TABLE "keys"."erasure_epoch" (
    "number" INTEGER NOT NULL,
    "wrapped_key" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "erasure_epoch_pkey" PRIMARY KEY ("number")
);

-- CreateTable
CREATE TABLE "keys"."patient_key" (
    "patient_id" UUID NOT NULL,
    "epoch_number" INTEGER NOT NULL,
    "wrapped_key" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "patient_key_pkey" PRIMARY KEY ("patient_id")
);

-- CreateTable
CREATE TABLE "audit_event" (
    "sequence" BIGINT NOT NULL,
    "id" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "actor_kind" TEXT NOT NULL,
    "actor_id" TEXT NOT NULL,
    "actor_role" TEXT,
    "patient_id" TEXT,
    "request_id" TEXT,
    "counterparty" TEXT,
    "purpose" TEXT,
    "reason_code" TEXT,
    "detail" JSONB,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL,
    "previous_hash" BYTEA NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "audit_event_pkey" PRIMARY KEY ("sequence")
);

-- CreateTable
CREATE TABLE "audit_head" (
    "id" INTEGER NOT NULL,
    "sequence" BIGINT NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "audit_head_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "patient_tag" (
    "patient_id" UUID NOT NULL,
    "identifier_token" BYTEA NOT NULL,
    "tag_token" BYTEA NOT NULL,
    "handle_token" BYTEA NOT NULL,
    "sealed_tag" BYTEA NOT NULL,
    "epoch" INTEGER NOT NULL,
    "sequence" BIGINT NOT NULL DEFAULT 0,
    "slot" INTEGER,
    "listing" TEXT,
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "patient_tag_pkey" PRIMARY KEY ("patient_id","identifier_token")
);

-- CreateTable
CREATE TABLE "location" (
    "id" TEXT NOT NULL,
    "staff_id" TEXT NOT NULL,
    "sealed" BYTEA NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "location_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "received_request" (
    "request_id" TEXT NOT NULL,
    "requester" TEXT NOT NULL,
    "patient_id" UUID,
    "state" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "staff_pseudonym" TEXT NOT NULL,
    "sealed_reason" BYTEA NOT NULL,
    "resource_types" JSONB,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_at" TIMESTAMPTZ(3),
    "decided_by" TEXT,
    "reason_code" TEXT,

    CONSTRAINT "received_request_pkey" PRIMARY KEY ("request_id")
);

-- CreateTable
CREATE TABLE "access_grant" (
    "grant_id" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "patient_id" UUID NOT NULL,
    "recipient" TEXT NOT NULL,
    "content_ids" TEXT[],
    "jws" BYTEA NOT NULL,
    "issued_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "access_grant_pkey" PRIMARY KEY ("grant_id")
);

-- CreateTable
CREATE TABLE "patient_revocation" (
    "patient_id" UUID NOT NULL,
    "count" INTEGER NOT NULL,

    CONSTRAINT "patient_revocation_pkey" PRIMARY KEY ("patient_id")
);

-- CreateTable
CREATE TABLE "sent_request" (
    "request_id" TEXT NOT NULL,
    "staff_id" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "sealed_reason" BYTEA NOT NULL,
    "resource_types" JSONB,
    "outcome_code" TEXT,
    "sealed_grant" BYTEA,
    "asked_at" TIMESTAMPTZ(3) NOT NULL,
    "deadline" TIMESTAMPTZ(3) NOT NULL,
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "sent_request_pkey" PRIMARY KEY ("request_id")
);

-- CreateTable
CREATE TABLE "received_block" (
    "content_id" TEXT NOT NULL,
    "ciphertext" BYTEA NOT NULL,
    "keep_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "received_block_pkey" PRIMARY KEY ("content_id")
);

-- CreateTable
CREATE TABLE "staff_account" (
    "id" UUID NOT NULL,
    "username" TEXT NOT NULL,
    "password_hash" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "disabled" BOOLEAN NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "staff_account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "staff_session" (
    "token_hash" BYTEA NOT NULL,
    "staff_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "staff_session_pkey" PRIMARY KEY ("token_hash")
);

-- CreateTable
CREATE TABLE "setting" (
    "name" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "setting_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "admission_ticket" (
    "token_hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),
    "used_by" TEXT,

    CONSTRAINT "admission_ticket_pkey" PRIMARY KEY ("token_hash")
);

-- CreateTable
CREATE TABLE "datastore_entry" (
    "key" TEXT COLLATE "C" NOT NULL,
    "value" BYTEA NOT NULL,

    CONSTRAINT "datastore_entry_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "outbox_entry" (
    "id" UUID NOT NULL,
    "topic" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL,
    "claim" UUID,
    "last_error_code" TEXT,
    "dead_at" TIMESTAMPTZ(3),

    CONSTRAINT "outbox_entry_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "job" (
    "name" TEXT NOT NULL,
    "next_run_at" TIMESTAMPTZ(3) NOT NULL,
    "claim" UUID,
    "last_started_at" TIMESTAMPTZ(3),
    "last_finished_at" TIMESTAMPTZ(3),
    "last_error_code" TEXT,

    CONSTRAINT "job_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE UNIQUE INDEX "patient_logical_token_key" ON "patient"("logical_token");

-- CreateIndex
CREATE INDEX "patient_identifier_token_idx" ON "patient_identifier"("token");

-- CreateIndex
CREATE UNIQUE INDEX "record_logical_token_key" ON "record"("logical_token");

-- CreateIndex
CREATE INDEX "record_patient_id_idx" ON "record"("patient_id");

-- CreateIndex
CREATE UNIQUE INDEX "record_version_content_id_key" ON "record_version"("content_id");

-- CreateIndex
CREATE UNIQUE INDEX "manifest_content_id_key" ON "manifest"("content_id");

-- CreateIndex
CREATE INDEX "patient_key_epoch_number_idx" ON "keys"."patient_key"("epoch_number");

-- CreateIndex
CREATE UNIQUE INDEX "audit_event_id_key" ON "audit_event"("id");

-- CreateIndex
CREATE INDEX "audit_event_patient_id_sequence_idx" ON "audit_event"("patient_id", "sequence");

-- CreateIndex
CREATE INDEX "audit_event_request_id_sequence_idx" ON "audit_event"("request_id", "sequence");

-- CreateIndex
CREATE INDEX "audit_event_type_sequence_idx" ON "audit_event"("type", "sequence");

-- CreateIndex
CREATE UNIQUE INDEX "patient_tag_handle_token_key" ON "patient_tag"("handle_token");

-- CreateIndex
CREATE INDEX "patient_tag_tag_token_idx" ON "patient_tag"("tag_token");

-- CreateIndex
CREATE INDEX "patient_tag_listing_expires_at_idx" ON "patient_tag"("listing", "expires_at");

-- CreateIndex
CREATE INDEX "patient_tag_epoch_idx" ON "patient_tag"("epoch");

-- CreateIndex
CREATE INDEX "location_expires_at_idx" ON "location"("expires_at");

-- CreateIndex
CREATE INDEX "received_request_state_received_at_idx" ON "received_request"("state", "received_at");

-- CreateIndex
CREATE UNIQUE INDEX "access_grant_request_id_key" ON "access_grant"("request_id");

-- CreateIndex
CREATE INDEX "access_grant_patient_id_idx" ON "access_grant"("patient_id");

-- CreateIndex
CREATE INDEX "access_grant_content_ids_idx" ON "access_grant" USING GIN ("content_ids");

-- CreateIndex
CREATE INDEX "sent_request_staff_id_asked_at_idx" ON "sent_request"("staff_id", "asked_at");

-- CreateIndex
CREATE INDEX "sent_request_state_deadline_idx" ON "sent_request"("state", "deadline");

-- CreateIndex
CREATE INDEX "received_block_keep_until_idx" ON "received_block"("keep_until");

-- CreateIndex
CREATE UNIQUE INDEX "staff_account_username_key" ON "staff_account"("username");

-- CreateIndex
CREATE INDEX "staff_session_staff_id_idx" ON "staff_session"("staff_id");

-- CreateIndex
CREATE INDEX "staff_session_last_used_at_idx" ON "staff_session"("last_used_at");

-- CreateIndex
CREATE INDEX "staff_session_created_at_idx" ON "staff_session"("created_at");

-- CreateIndex
CREATE INDEX "outbox_entry_dead_at_next_attempt_at_idx" ON "outbox_entry"("dead_at", "next_attempt_at");

-- AddForeignKey
ALTER TABLE "patient_identifier" ADD CONSTRAINT "patient_identifier_patient_id_fkey" FOREIGN KEY ("patient_id") REFERENCES "patient"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "record" ADD CONSTRAINT "record_patient_id_fkey" FOREIGN KEY ("patient_id") REFERENCES "patient"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "record_version" ADD CONSTRAINT "record_version_record_id_fkey" FOREIGN KEY ("record_id") REFERENCES "record"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "manifest" ADD CONSTRAINT "manifest_patient_id_fkey" FOREIGN KEY ("patient_id") REFERENCES "patient"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "keys"."patient_key" ADD CONSTRAINT "patient_key_epoch_number_fkey" FOREIGN KEY ("epoch_number") REFERENCES "keys"."erasure_epoch"("number") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "staff_session" ADD CONSTRAINT "staff_session_staff_id_fkey" FOREIGN KEY ("staff_id") REFERENCES "staff_account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Ciphertext does not compress: PostgreSQL need not try.
ALTER TABLE "record_version" ALTER COLUMN "ciphertext" SET STORAGE EXTERNAL;
ALTER TABLE "manifest" ALTER COLUMN "ciphertext" SET STORAGE EXTERNAL;
ALTER TABLE "received_block" ALTER COLUMN "ciphertext" SET STORAGE EXTERNAL;
ALTER TABLE "access_grant" ALTER COLUMN "jws" SET STORAGE EXTERNAL;
ALTER TABLE "sent_request" ALTER COLUMN "sealed_grant" SET STORAGE EXTERNAL;

-- The audit log only ever grows.
CREATE FUNCTION "refuse_audit_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log is append-only.' USING ERRCODE = 'insufficient_privilege';
END;
$$;
CREATE TRIGGER "audit_event_append_only" BEFORE UPDATE OR DELETE ON "audit_event"
    FOR EACH ROW EXECUTE FUNCTION "refuse_audit_change"();
CREATE TRIGGER "audit_event_no_truncate" BEFORE TRUNCATE ON "audit_event"
    FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_change"();
CREATE TRIGGER "audit_head_stays" BEFORE DELETE ON "audit_head"
    FOR EACH ROW EXECUTE FUNCTION "refuse_audit_change"();

-- Sequence 0: the log is empty.
INSERT INTO "audit_head" ("id", "sequence", "hash") VALUES (1, 0, '\x');
