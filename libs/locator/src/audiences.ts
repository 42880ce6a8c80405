import { hashWithContext, open, seal } from '@carecord/crypto';
import type { NamedHospital, PatientListing } from '@carecord/core';
import type { KnownMember, NetworkHost } from '@carecord/network';
import { namedTag } from './keys.ts';
import type { HospitalKeys } from './keys.ts';
import { LocatorError } from './locator-error.ts';
import type { PointerJob } from './pointer-job.ts';
import type { StoredPointer } from './ports.ts';
import type { OpenTag } from './tag-book.ts';

/** Whom a pointer is for: one hospital, or all members. */
export interface PointerAudience {
  readonly recipientToken: Uint8Array;
  readonly sealedRecipient: Uint8Array;
  readonly did: string | undefined;
  readonly until: Date | undefined;
}

const SEAL_CONTEXT = 'locator/recipient';
const EVERYBODY: PointerAudience = { recipientToken: new Uint8Array(), sealedRecipient: new Uint8Array(), did: undefined, until: undefined };

/** To whom a hospital's patients are listed. Which hospitals a patient is known to says much about the patient: it is kept sealed. */
export class Audiences {
  constructor(
    private readonly keys: HospitalKeys,
    private readonly network: Pick<NetworkHost, 'did' | 'knownMember'>,
  ) {}

  /** Those that a listing names, or all members, or none. We do not list to ourselves. */
  of({ listing, hospitals }: PatientListing): PointerAudience[] {
    if (listing === 'listed') return [EVERYBODY];
    if (listing === 'named') return hospitals.filter(({ did }) => did !== this.network.did).map((hospital) => this.named(hospital));
    return [];
  }

  /**
   * What is known of the hospitals that pointers are sealed to.
   * @throws LocatorError `RECIPIENT_UNKNOWN` for each that is not to be found, when its member is asked for
   */
  async membersOf(dids: Iterable<string>): Promise<(did: string) => KnownMember> {
    const asked = [...new Set(dids)];
    // One that cannot even be asked for must not hold up the patients who are not listed to it.
    const answers = await Promise.allSettled(asked.map((did) => this.network.knownMember(did)));
    const known = new Map(asked.map((did, at) => [did, answers[at] as PromiseSettledResult<KnownMember | undefined>]));
    return (did) => {
      const answer = known.get(did);
      if (answer?.status === 'fulfilled' && answer.value !== undefined) return answer.value;
      const cause: unknown = answer?.status === 'rejected' ? answer.reason : undefined;
      throw new LocatorError('RECIPIENT_UNKNOWN', 'The keys of a hospital that a patient is listed to are not to be found now.', { cause });
    };
  }

  /** The job of writing a pointer, or of taking one back that the store knows. */
  jobOf({ tag, stored }: OpenTag, audience: PointerAudience, wanted: 'pointer' | 'withdrawn', recipientPublicKey?: Uint8Array): PointerJob {
    const { patientId, inputToken, epoch, pointers } = stored;
    const { recipientToken, sealedRecipient, did, until } = audience;
    return {
      key: { patientId, inputToken, epoch, recipientToken },
      sealedRecipient,
      subject: { tag, placeTag: did === undefined ? tag : namedTag(tag, did), patientId, epoch, recipientPublicKey },
      wanted,
      before: pointers.find((pointer) => Buffer.from(pointer.recipientToken).equals(recipientToken)),
      until,
    };
  }

  /** Whom a stored pointer is for. */
  ofPointer({ recipientToken, sealedRecipient }: StoredPointer): PointerAudience {
    if (recipientToken.length === 0) return EVERYBODY;
    const did = new TextDecoder().decode(open(this.keys.tagSealKey, sealedRecipient, SEAL_CONTEXT, belongsTo(recipientToken)));
    return { recipientToken, sealedRecipient, did, until: undefined };
  }

  private named({ did, until }: NamedHospital): PointerAudience {
    const recipientToken = this.keys.recipientToken(did);
    return { recipientToken, sealedRecipient: seal(this.keys.tagSealKey, new TextEncoder().encode(did), SEAL_CONTEXT, belongsTo(recipientToken)), did, until };
  }
}

function belongsTo(recipientToken: Uint8Array): Uint8Array {
  return hashWithContext('locator/recipient-of', recipientToken);
}
