import { asFreeText, elementForms, isFreeText } from './r4-elements.ts';
import { NATIONAL_IDENTIFIER_SYSTEM } from './types.ts';
import type { ElementForm } from './r4-elements.ts';
import type { TransactionBundle } from './types.ts';

type JsonObject = Record<string, unknown>;

/**
 * Replaces every free text in the bundle's resources. National identifiers stay, since they are one at all hospitals.
 * @param canary the text for a path (`entry[2].resource.name[0].family`)
 */
export function plantCanaries(bundle: TransactionBundle, canary: (path: string) => string): void {
  bundle.entry.forEach(({ resource }, index) => {
    plant(resource, resource.resourceType, `entry[${index}].resource`, canary);
  });
}

function plant(value: JsonObject, type: string, path: string, canary: (path: string) => string): void {
  if (type === 'Attachment') {
    // They would not be those of the new content.
    delete value['hash'];
    delete value['size'];
  }
  const forms = new Map(elementForms(type).flat().map((form) => [form.name, form]));
  for (const [name, child] of Object.entries(value)) {
    const form = forms.get(name);
    if (form === undefined || (type === 'Identifier' && name === 'value' && value['system'] === NATIONAL_IDENTIFIER_SYSTEM)) continue;
    value[name] = Array.isArray(child)
      ? child.map((item: unknown, index) => planted(item, form, `${path}.${name}[${index}]`, canary))
      : planted(child, form, `${path}.${name}`, canary);
  }
}

function planted(value: unknown, form: ElementForm, path: string, canary: (path: string) => string): unknown {
  if (typeof value === 'string') return isFreeText(form) ? asFreeText(form.type, canary(path)) : value;
  if (typeof value === 'object' && value !== null) plant(value as JsonObject, form.type, path, canary);
  return value;
}
