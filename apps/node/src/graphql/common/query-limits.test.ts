import { describe, expect, it } from '@jest/globals';
import { buildSchema, getIntrospectionQuery, parse, validate } from 'graphql';
import { MAX_ALIASES, MAX_DEPTH, MAX_ROOT_FIELDS, MAX_TOKENS, queryLimits } from './query-limits.ts';

const schema = buildSchema('type Query { a: Query! b: String }');
const refusals = (document: string): number => validate(schema, parse(document, { maxTokens: MAX_TOKENS }), [queryLimits]).length;
const nested = (depth: number): string => `${'a { '.repeat(depth - 1)}b${' }'.repeat(depth - 1)}`;
const repeated = (count: number, field: (index: number) => string): string => Array.from({ length: count }, (_, index) => field(index)).join(' ');

describe('queryLimits', () => {
  it('lets through what is within every limit, and introspection', () => {
    expect(refusals(`{ ${nested(MAX_DEPTH)} }`)).toBe(0);
    expect(refusals(`{ ${repeated(MAX_ROOT_FIELDS, (index) => `f${index}: b`)} }`)).toBe(0);
    expect(validate(schema, parse(getIntrospectionQuery()), [queryLimits])).toEqual([]);
  });

  it('refuses depth, also through fragments', () => {
    expect(refusals(`{ ${nested(MAX_DEPTH + 1)} }`)).toBe(1);
    expect(refusals(`{ a { ...deep } } fragment deep on Query { ${nested(MAX_DEPTH)} }`)).toBe(1);
    expect(refusals(`{ a { ... on Query { ${nested(MAX_DEPTH)} } } }`)).toBe(1);
  });

  it('refuses many root fields and many aliases, also through fragments', () => {
    expect(refusals(`{ ${repeated(MAX_ROOT_FIELDS + 1, (index) => `f${index}: b`)} }`)).toBe(1);
    expect(refusals(`{ ...all ...all } fragment all on Query { ${repeated(MAX_ROOT_FIELDS - 1, (index) => `f${index}: b`)} }`)).toBe(1);
    expect(refusals(`{ a { ${repeated(MAX_ALIASES + 1, (index) => `f${index}: b`)} } }`)).toBe(1);
  });

  it('refuses to sign in twice in one operation, whatever the aliases', () => {
    const accounts = buildSchema('type Query { b: String } type Mutation { signIn: String, other: String }');
    const refused = (document: string): number => validate(accounts, parse(document), [queryLimits]).length;
    expect(refused('mutation { signIn other }')).toBe(0);
    expect(refused('mutation { signIn again: signIn }')).toBe(1);
    expect(refused('mutation { signIn ...more } fragment more on Mutation { again: signIn }')).toBe(1);
  });

  it('refuses subscriptions', () => {
    const events = buildSchema('type Query { b: String } type Subscription { b: String }');
    expect(validate(events, parse('subscription { b }'), [queryLimits])).toHaveLength(1);
  });

  it('does not hang on circular or doubling fragments', () => {
    expect(refusals('{ ...x } fragment x on Query { a { ...y } } fragment y on Query { a { ...x } }')).toBe(0);
    const doubling = repeated(40, (index) => `fragment f${index} on Query { a { ...f${index + 1} ...f${index + 1} } }`);
    expect(refusals(`{ ...f0 } ${doubling} fragment f40 on Query { b }`)).toBe(1);
  });

  it('stops parsing a document that is too long', () => {
    expect(() => refusals(`{ ${'b '.repeat(MAX_TOKENS)} }`)).toThrow(/token/);
  });
});
