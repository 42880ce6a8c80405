import { GraphQLScalarType, valueFromASTUntyped } from 'graphql';

/** What a browser takes and gives for passkeys. Its content is the WebAuthn specification's business, so the schema does not look inside. */
export const WebAuthnJson = new GraphQLScalarType<unknown, unknown>({
  name: 'WebAuthnJson',
  description: 'Options for, or an answer of, navigator.credentials in the JSON form of WebAuthn Level 3 (parseCreationOptionsFromJSON, parseRequestOptionsFromJSON, toJSON).',
  specifiedByURL: 'https://www.w3.org/TR/webauthn-3/#sctn-parseCreationOptionsFromJSON',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});
