import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { z } from 'zod';
import { CliError } from '../cli-error.ts';
import { executeGraphql, FAILURE_FIELDS, isFailure } from './graphql-client.ts';

/** Where to sign in, and as whom. */
export interface OperatorOptions {
  /** The node's address, with or without `/graphql`. */
  readonly url: string;
  readonly username: string;
  /** The file that holds the password: it is no argument, which others could see. */
  readonly passwordFile: string;
}

const SIGN_IN_FIELDS = `${FAILURE_FIELDS} ... on SignedInSession { token } ... on SecondFactorRequired { challenge methods } ... on PasswordExpired { ownPasswordChallenge }`;
const signInDocument = `mutation SignIn($username: String!, $password: String!) { result: signIn(username: $username, password: $password) { ${SIGN_IN_FIELDS} } }`;
const codeDocument = `mutation SignInWithCode($challenge: String!, $code: String!) { result: signInWithCode(challenge: $challenge, code: $code) { ${SIGN_IN_FIELDS} } }`;
const stepUpDocument = `mutation StepUp($proof: StepUpProofInput!) { result: stepUp(proof: $proof) { ${FAILURE_FIELDS} } }`;
const ownPasswordDocument = `mutation SetOwnPassword($challenge: String!, $password: String!) { result: setOwnPassword(challenge: $challenge, password: $password) { ${SIGN_IN_FIELDS} } }`;
const changePasswordDocument = `mutation ChangePassword($present: String!, $next: String!) { result: changePassword(present: $present, next: $next) { ${FAILURE_FIELDS} } }`;
const signOutDocument = `mutation SignOut { result: signOut { ${FAILURE_FIELDS} } }`;

const signInSchema = z.union([
  z.object({ token: z.string() }),
  z.object({ challenge: z.string(), methods: z.array(z.string()) }),
  z.object({ ownPasswordChallenge: z.string() }),
]);
type SignInState = z.infer<typeof signInSchema>;

/** Where a sign-in stands after all that was asked for. */
interface BegunSignIn {
  readonly graphql: string;
  readonly password: string;
  readonly hasCodes: boolean;
  readonly state: SignInState;
}

/** A person's session at a node, for one command: signed out at its end. */
export class OperatorSession {
  private constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly password: string,
    private readonly hasCodes: boolean,
  ) {}

  /**
   * Runs work in a session.
   * @throws CliError `GRAPHQL_FAILED` with the node's sentence
   */
  static async during<Result>(options: OperatorOptions, work: (session: OperatorSession) => Promise<Result>): Promise<Result> {
    const session = await OperatorSession.signIn(options);
    try {
      return await work(session);
    } finally {
      await executeGraphql(session.url, session.token, signOutDocument, {});
    }
  }

  /**
   * Runs an operation whose field is named `result`; when it asks for a fresh proof of who asks, gives that and tries again.
   * @throws CliError `GRAPHQL_FAILED` with the node's sentence
   */
  async run<Schema extends z.ZodType>(document: string, variables: object, schema: Schema): Promise<z.infer<Schema>> {
    let { result } = await executeGraphql(this.url, this.token, document, variables);
    if (isFailure(result) && result.code === 'STEP_UP_REQUIRED') {
      await this.stepUp();
      ({ result } = await executeGraphql(this.url, this.token, document, variables));
    }
    return schema.parse(succeeded(result));
  }

  /** @throws CliError `GRAPHQL_FAILED` with the node's sentence, and where the password is still the initial one */
  private static async signIn(options: OperatorOptions): Promise<OperatorSession> {
    const begun = await beginSignIn(options);
    if ('ownPasswordChallenge' in begun.state) {
      throw new CliError('GRAPHQL_FAILED', 'The password was set by somebody else: choose an own one first ("carecord staff set-password").');
    }
    return OperatorSession.of(begun);
  }

  /**
   * Sets the person's own password: in the place of an initial one, or of the present one.
   * @throws CliError `GRAPHQL_FAILED` with the node's sentence
   */
  static async setPassword(options: OperatorOptions, next: string): Promise<void> {
    const begun = await beginSignIn(options);
    const { graphql, password, state } = begun;
    let session: OperatorSession;
    if ('ownPasswordChallenge' in state) {
      const set = await executeGraphql(graphql, undefined, ownPasswordDocument, { challenge: state.ownPasswordChallenge, password: next });
      session = OperatorSession.of({ ...begun, state: signInSchema.parse(succeeded(set['result'])) });
    } else {
      session = OperatorSession.of(begun);
      await session.run(changePasswordDocument, { present: password, next }, z.object({}));
    }
    await executeGraphql(session.url, session.token, signOutDocument, {});
  }

  private static of({ graphql, password, hasCodes, state }: BegunSignIn): OperatorSession {
    if ('token' in state) return new OperatorSession(graphql, state.token, password, hasCodes);
    throw new CliError('GRAPHQL_FAILED', 'The node asks for something else than a one-time code: sign in with a client that has passkeys.');
  }

  private async stepUp(): Promise<void> {
    const proof = this.hasCodes ? { code: await ask('A new one-time code, to confirm: ') } : { password: this.password };
    succeeded((await executeGraphql(this.url, this.token, stepUpDocument, { proof }))['result']);
  }
}

/** Signs in with the password, and with a one-time code where one is asked for. */
async function beginSignIn({ url, username, passwordFile }: OperatorOptions): Promise<BegunSignIn> {
  const graphql = graphqlAddress(url);
  const password = await readSecret(passwordFile);
  const state = signInSchema.parse(succeeded((await executeGraphql(graphql, undefined, signInDocument, { username, password }))['result']));
  if (!('challenge' in state)) return { graphql, password, hasCodes: false, state };
  const { challenge } = state;
  const answer = await executeGraphql(graphql, undefined, codeDocument, { challenge, code: await ask('One-time code: ') });
  return { graphql, password, hasCodes: true, state: signInSchema.parse(succeeded(answer['result'])) };
}

/** A secret from a file of its owner, without the line's end. */
export async function readSecret(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
  } catch (cause) {
    throw new CliError('FILE_UNUSABLE', `${path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}).`, { cause });
  }
}

/** Where a node answers GraphQL. */
function graphqlAddress(url: string): string {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) throw new CliError('OPTION_INVALID', `--url ${url} is not an address: give it as https://authority-1.fi, for example.`);
  return new URL('/graphql', url).href;
}

function succeeded(result: unknown): unknown {
  if (isFailure(result)) throw new CliError('GRAPHQL_FAILED', `${result.message} (${result.code})`);
  return result;
}

async function ask(question: string): Promise<string> {
  if (!process.stdin.isTTY) throw new CliError('GRAPHQL_FAILED', 'The node asks for a one-time code: run the command at a terminal.');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(question)).trim();
  } finally {
    terminal.close();
  }
}
