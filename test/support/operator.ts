import { z } from 'zod';
import { FAILURE_FIELDS, isFailure } from '../../apps/cli/src/client/graphql-client.ts';
import { HospitalClient } from '../../apps/cli/src/client/hospital-client.ts';

const stepUpDocument = `mutation StepUp($proof: StepUpProofInput!) { result: stepUp(proof: $proof) { ${FAILURE_FIELDS} } }`;
const membersDocument = `query Members { result: members { ${FAILURE_FIELDS} ... on ConnectedHospitals { hospitals { did } } } }`;

/** Runs an operation that has to succeed. @throws Error with the failure's code */
export async function expectSuccess<Schema extends z.ZodType>(client: HospitalClient, document: string, variables: object, schema: Schema): Promise<z.infer<Schema>> {
  const answer = await client.ask(document, variables, schema);
  if (isFailure(answer)) throw new Error(`The node answered ${answer.code}: ${answer.message}`);
  return answer;
}

/** Signs somebody in who has proved once more who they are: for keys and memberships. */
export async function signInWithStepUp(url: string, account: { readonly username: string; readonly password: string }): Promise<HospitalClient> {
  const client = await HospitalClient.signIn(url, account);
  await expectSuccess(client, stepUpDocument, { proof: { password: account.password } }, z.object({}));
  return client;
}

/** The DIDs of the hospitals that a node is connected with, sorted. */
export async function connectedHospitals(client: HospitalClient): Promise<readonly string[]> {
  const { hospitals } = await expectSuccess(client, membersDocument, {}, z.object({ hospitals: z.array(z.object({ did: z.string() })) }));
  return hospitals.map(({ did }) => did).sort();
}
