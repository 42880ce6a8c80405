import { z } from 'zod';
import { IdentityError } from '../identity-error.ts';
import type { NetworkDescription } from './network-description.ts';
import { networkMistake, networkShape } from './network-shape.ts';

/** What an operator states about the network: whom its node trusts, before it has heard anything from anybody. */
export interface NetworkFile extends NetworkDescription {
  readonly version: 2;
}

/** Sixteen authorities and some white space. */
const MAX_FILE_CHARACTERS = 64 * 1024;

/** The form of the file, JSON; {@link parseNetworkFile} also checks what the members say together. */
export const networkFileSchema = z.strictObject({ version: z.literal(2), ...networkShape });

/**
 * Reads the file with which an operator states whom to trust (JSON).
 * @param options.allowHttp for a network on one machine alone; elsewhere the authorities' addresses must be `https`
 * @throws IdentityError `NETWORK_FILE_INVALID` with one sentence for the operator
 */
export function parseNetworkFile(text: string, options: { readonly allowHttp?: boolean } = {}): NetworkFile {
  if (text.length > MAX_FILE_CHARACTERS) throw fileInvalid(`it is longer than ${MAX_FILE_CHARACTERS} characters`);
  const content = parseJson(text);
  if (isFirstVersion(content)) throw fileInvalid('it is of an earlier version, in which one guardian alone had the key of the look-up; make a new one with "carecord network create"');
  const parsed = networkFileSchema.safeParse(content);
  if (!parsed.success) throw fileInvalid(describeIssue(parsed.error));
  const { authorities } = parsed.data;
  const mistake = networkMistake(parsed.data);
  if (mistake !== undefined) throw new IdentityError('NETWORK_FILE_INVALID', `The network file: ${mistake}`);
  const insecure = authorities.find(({ url }) => new URL(url).protocol !== 'https:');
  if (insecure !== undefined && options.allowHttp !== true) {
    throw new IdentityError('NETWORK_FILE_INVALID', `The network file: The address of the authority ${insecure.did} must begin with https:// outside the demo network.`);
  }
  return parsed.data;
}

function isFirstVersion(content: unknown): boolean {
  return z.looseObject({ version: z.literal(1) }).safeParse(content).success;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw fileInvalid('it is not JSON');
  }
}

function describeIssue({ issues }: z.ZodError): string {
  const [issue] = issues;
  const where = issue?.path.join('.') ?? '';
  return where === '' ? 'it has unknown members, or is no object' : `"${where}" is missing or not valid`;
}

function fileInvalid(reason: string): IdentityError {
  return new IdentityError('NETWORK_FILE_INVALID', `The network file cannot be used: ${reason}.`);
}
