/** What an application may hold. */
const MAX_TICKET_CHARACTERS = 256;

/** The tickets of a hospital, as its authorities gave them. */
export class AdmissionTickets {
  private constructor(
    private readonly byAuthority: ReadonlyMap<string, string>,
    private readonly forAll: string | undefined,
  ) {}

  static readonly none = new AdmissionTickets(new Map(), undefined);

  /**
   * Reads a ticket file: either one ticket for whichever authority asks, or on each line the DID of an authority and its ticket.
   * @returns undefined when the text is neither
   */
  static parse(text: string): AdmissionTickets | undefined {
    const lines = text.trim().split(/\s*\n\s*/).map((line) => line.split(/\s+/));
    const [first] = lines;
    if (text.trim() === '' || lines.some((parts) => (parts.at(-1)?.length ?? 0) > MAX_TICKET_CHARACTERS)) return undefined;
    if (lines.length === 1 && first?.length === 1) return new AdmissionTickets(new Map(), first[0]);
    if (lines.some((parts) => parts.length !== 2 || parts[0]?.startsWith('did:') !== true)) return undefined;
    return new AdmissionTickets(new Map(lines.map(([did, ticket]) => [did ?? '', ticket ?? ''])), undefined);
  }

  /** Whether it is not said whose ticket it is: then every authority that is asked would learn it, and could use it with the one that gave it. */
  get isForAll(): boolean {
    return this.forAll !== undefined;
  }

  /** The ticket to show to an authority. */
  for(authorityDid: string): string | undefined {
    return this.byAuthority.get(authorityDid) ?? this.forAll;
  }
}
