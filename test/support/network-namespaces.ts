import { spawnSync } from 'node:child_process';

/** An IPv4 network that nobody else uses inside these namespaces. */
const PREFIX = '10.231.0';
const NAME = 'carecord';

/**
 * Network namespaces on one bridge: each is a machine of its own as far as sockets can tell. The bridge is in a namespace too, so the
 * machine's own network is left alone. Needs root and iproute2.
 */
export class NetworkNamespaces {
  private readonly hub = `${NAME}-${process.pid}-hub`;

  private constructor(private readonly sides: number) {}

  /** Why there can be none here, as a sentence; `undefined` when they are permitted. */
  static obstacle(): string | undefined {
    const probe = `${NAME}-${process.pid}-probe`;
    const { error, status } = spawnSync('ip', ['netns', 'add', probe]);
    if (error !== undefined) return 'The command "ip" (iproute2) is not installed.';
    if (status !== 0) return 'This machine permits no network namespaces.';
    const canJoin = spawnSync('ip', ['-n', probe, 'link', 'add', 'probe', 'type', 'bridge']).status === 0 && spawnSync('ip', ['netns', 'exec', probe, 'true']).status === 0;
    run(['netns', 'del', probe]);
    return canJoin ? undefined : 'This machine permits no bridges in network namespaces.';
  }

  /** Namespaces that reach each other. What was begun is removed when it fails. */
  static make(sides: number): NetworkNamespaces {
    const namespaces = new NetworkNamespaces(sides);
    try {
      namespaces.build();
      return namespaces;
    } catch (error) {
      namespaces.remove();
      throw error;
    }
  }

  /** The command that runs another one in a namespace. */
  inside(side: number): string[] {
    return ['ip', 'netns', 'exec', this.name(side)];
  }

  address(side: number): string {
    return `${PREFIX}.${side + 1}`;
  }

  /** Nothing reaches or leaves this namespace any more, and nobody is told: packets vanish. */
  separate(side: number): void {
    run(['-n', this.hub, 'link', 'set', `side${side}`, 'nomaster']);
  }

  rejoin(side: number): void {
    run(['-n', this.hub, 'link', 'set', `side${side}`, 'master', 'bridge']);
  }

  /** Takes all of them away; processes in them keep running without a network. */
  remove(): void {
    for (const name of [this.hub, ...Array.from({ length: this.sides }, (_, side) => this.name(side))]) spawnSync('ip', ['netns', 'del', name]);
  }

  private name(side: number): string {
    return `${NAME}-${process.pid}-${side}`;
  }

  private build(): void {
    run(['netns', 'add', this.hub]);
    run(['-n', this.hub, 'link', 'add', 'bridge', 'type', 'bridge']);
    run(['-n', this.hub, 'link', 'set', 'bridge', 'up']);
    for (let side = 0; side < this.sides; side += 1) {
      const name = this.name(side);
      run(['netns', 'add', name]);
      run(['-n', this.hub, 'link', 'add', `side${side}`, 'type', 'veth', 'peer', 'name', 'wire', 'netns', name]);
      run(['-n', this.hub, 'link', 'set', `side${side}`, 'up', 'master', 'bridge']);
      run(['-n', name, 'address', 'add', `${this.address(side)}/24`, 'dev', 'wire']);
      run(['-n', name, 'link', 'set', 'wire', 'up']);
      run(['-n', name, 'link', 'set', 'lo', 'up']);
    }
  }
}

function run(args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`"ip ${args.join(' ')}" failed: ${stderr}`);
}
