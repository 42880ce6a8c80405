import { GraphQLScalarType, valueFromASTUntyped } from 'graphql';

/** A FHIR R4 resource as JSON. Its content is the FHIR specification's business, so the schema does not look inside. */
export const FhirJson = new GraphQLScalarType<unknown, unknown>({
  name: 'FhirJson',
  description: 'A FHIR R4 resource in its JSON form. Send it in a variable: the size of a query document is limited.',
  specifiedByURL: 'https://hl7.org/fhir/R4/json.html',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});
