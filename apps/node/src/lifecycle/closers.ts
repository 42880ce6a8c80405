import type { Logger } from '@carecord/core';

interface Closer {
  readonly name: string;
  readonly close: () => Promise<void>;
}

/** What a node opened, to be closed in the opposite order: once, each part even when another one fails. */
export class Closers {
  private readonly closers: Closer[] = [];
  private closing: Promise<boolean> | undefined;

  constructor(private readonly logger: Logger) {}

  add(name: string, close: () => Promise<void>): void {
    this.closers.push({ name, close });
  }

  /** @returns whether everything closed cleanly */
  close(): Promise<boolean> {
    this.closing ??= this.closeAll();
    return this.closing;
  }

  private async closeAll(): Promise<boolean> {
    let clean = true;
    for (const { name, close } of this.closers.reverse()) {
      try {
        await close();
      } catch (error) {
        clean = false;
        this.logger.error('not-closed-cleanly', { part: name }, error);
      }
    }
    return clean;
  }
}
