import type { ComponentLogger, Logger } from '@libp2p/interface';

/**
 * libp2p's own log, switched off: nobody reads it, it would name peers, and the name that it makes up for each stream costs more than a
 * message's own work.
 */
export const LIBP2P_SILENCE: ComponentLogger = { forComponent: () => silence };

const silence: Logger = Object.assign(() => undefined, { error: () => undefined, trace: () => undefined, enabled: false, newScope: () => silence });
