import { GraphQLError, Kind, OperationTypeNode } from 'graphql';
import type { ASTVisitor, FragmentDefinitionNode, SelectionSetNode, ValidationContext } from 'graphql';

/** Our deepest answer has seven levels: beyond this somebody is only trying. */
export const MAX_DEPTH = 12;
/** Each root field is work of its own (a sign-in costs 20 ms of Argon2id): a client batches a few, not hundreds. */
export const MAX_ROOT_FIELDS = 10;
/** Aliases repeat one field at will; a screen needs a handful. */
export const MAX_ALIASES = 30;
/** Parsing stops here. Data belongs into variables, so documents are short. */
export const MAX_TOKENS = 2_000;

interface Size {
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
}

/** How often a root field is asked for, under whatever aliases: repeated in one operation, a sign-in would be a guess a field. */
function rootFieldsNamed(name: string, set: SelectionSetNode, context: ValidationContext, visited = new Set<string>()): number {
  return set.selections.reduce((count, selection) => {
    if (selection.kind === Kind.FIELD) return count + (selection.name.value === name ? 1 : 0);
    if (selection.kind === Kind.INLINE_FRAGMENT) return count + rootFieldsNamed(name, selection.selectionSet, context, visited);
    const fragment = context.getFragment(selection.name.value);
    if (!fragment || visited.has(selection.name.value)) return count;
    return count + rootFieldsNamed(name, fragment.selectionSet, context, visited.add(selection.name.value));
  }, 0);
}

/** Refuses documents that are too deep or ask for too much at once; fragments count wherever they are spread. */
export function queryLimits(context: ValidationContext): ASTVisitor {
  const known = new Map<string, Size>();
  const open = new Set<string>();

  const sizeOfFragment = (fragment: FragmentDefinitionNode): Size => {
    const name = fragment.name.value;
    const before = known.get(name);
    if (before !== undefined) return before;
    // Circular fragments are refused by GraphQL's own rule; here they must only not hang.
    if (open.has(name)) return { depth: 0, fields: 0, aliases: 0 };
    open.add(name);
    const size = sizeOf(fragment.selectionSet);
    open.delete(name);
    known.set(name, size);
    return size;
  };

  const sizeOf = (set: SelectionSetNode): Size => {
    let [depth, fields, aliases] = [0, 0, 0];
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        // Introspection has its own depth rule in graphql-js.
        const inner = selection.selectionSet && !selection.name.value.startsWith('__') ? sizeOf(selection.selectionSet) : undefined;
        depth = Math.max(depth, 1 + (inner?.depth ?? 0));
        fields += 1;
        aliases += (selection.alias ? 1 : 0) + (inner?.aliases ?? 0);
      } else {
        const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? context.getFragment(selection.name.value) : undefined;
        const inner = selection.kind === Kind.INLINE_FRAGMENT ? sizeOf(selection.selectionSet) : fragment ? sizeOfFragment(fragment) : { depth: 0, fields: 0, aliases: 0 };
        depth = Math.max(depth, inner.depth);
        fields += inner.fields;
        aliases += inner.aliases;
      }
    }
    return { depth, fields, aliases };
  };

  const refuse = (sentence: string): void => context.reportError(new GraphQLError(sentence));

  return {
    OperationDefinition: (operation) => {
      const { depth, fields, aliases } = sizeOf(operation.selectionSet);
      if (operation.operation === OperationTypeNode.SUBSCRIPTION) refuse('There are no subscriptions.');
      if (rootFieldsNamed('signIn', operation.selectionSet, context) > 1) refuse('An operation signs in once at the most.');
      if (depth > MAX_DEPTH) refuse(`The operation is deeper than ${MAX_DEPTH} levels.`);
      if (fields > MAX_ROOT_FIELDS) refuse(`The operation has more than ${MAX_ROOT_FIELDS} root fields.`);
      if (aliases > MAX_ALIASES) refuse(`The operation has more than ${MAX_ALIASES} aliases.`);
    },
  };
}
