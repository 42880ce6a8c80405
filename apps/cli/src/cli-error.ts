import { CarecordError } from '@carecord/core';

/** What can go wrong for the person at the command line. */
export type CliErrorCode =
  | 'ALREADY_RUNNING'
  | 'NODE_FAILED'
  | 'NODE_NOT_READY'
  | 'SCENARIO_FAILED'
  | 'BUNDLES_UNUSABLE'
  | 'GRAPHQL_FAILED'
  | 'DID_NOT_RESOLVED'
  | 'FILE_UNUSABLE'
  | 'OPTION_INVALID'
  | 'PORT_BUSY'
  | 'FILE_NOT_WRITTEN'
  | 'INTERRUPTED';

/** An error whose message is the sentence that the person at the command line reads. */
export class CliError extends CarecordError<CliErrorCode> {}
