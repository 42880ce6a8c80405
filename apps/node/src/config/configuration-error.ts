import { CarecordError } from '@carecord/core';

export type ConfigurationErrorCode = 'CONFIGURATION_INVALID';

/** The node cannot start with this configuration; `mistakes` holds one sentence for each thing to correct. */
export class ConfigurationError extends CarecordError<ConfigurationErrorCode> {
  constructor(readonly mistakes: readonly string[]) {
    super('CONFIGURATION_INVALID', mistakes.join('\n'));
  }
}
