import { Field, ObjectType, registerEnumType } from '@nestjs/graphql';
import { FAILURE_CODES } from '../../failures/failure-codes.ts';
import type { FailureCode } from '../../failures/failure-codes.ts';

/** The closed list as the object from which NestJS makes a GraphQL enum. */
export const FailureCodeEnum = Object.fromEntries(FAILURE_CODES.map((code) => [code, code])) as { readonly [Code in FailureCode]: Code };

registerEnumType(FailureCodeEnum, { name: 'FailureCode', description: 'Why something was not done: decide by this, not by the message.' });

@ObjectType({ description: 'One thing that is wrong with the input, as in a FHIR OperationOutcome.' })
export class FailureIssue {
  @Field(() => String, { description: 'fatal, error, warning or information' })
  severity!: string;

  @Field(() => String, { description: 'A code of the FHIR value set issue-type.' })
  code!: string;

  @Field(() => String, { description: 'Where: a FHIRPath or the path of an argument.' })
  expression!: string;

  @Field(() => String, { description: 'What is wrong there, without the value.' })
  diagnostics!: string;
}

@ObjectType({ description: 'It was not done, and why. Nothing was changed.' })
export class Failure {
  @Field(() => FailureCodeEnum)
  code!: FailureCode;

  @Field(() => String, { description: 'A sentence for a person.' })
  message!: string;

  @Field(() => [FailureIssue], { description: 'Each single mistake, where the input was refused; else empty.' })
  issues!: FailureIssue[];

  constructor(code: FailureCode, message: string, issues: readonly FailureIssue[] = []) {
    this.code = code;
    this.message = message;
    this.issues = [...issues];
  }
}
