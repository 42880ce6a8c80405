import { describe, expect, it } from '@jest/globals';
import { ConsentDecider, DEFAULT_HOSPITAL_POLICIES } from './index.ts';

const holder = 'did:webvh:QmA:a.hospital.example';
const create = (hospitalPolicies: string) => () => ConsentDecider.create({ hospitalPolicies, holder });
const unattended = 'permit (principal, action == Action::"releaseUnattended", resource)';

describe('a hospital may write', () => {
  it.each([
    ['the default', DEFAULT_HOSPITAL_POLICIES],
    ['nothing: every request goes to a person', ''],
    ['a forbid for both actions', 'forbid (principal == Hospital::"did:x:y", action, resource);'],
    ['several with ids', `@id("one") ${unattended}; @id("two") forbid (principal, action, resource) when { context.purpose == Purpose::"HRESCH" };`],
  ])('%s', (_name, text) => {
    expect(create(text)).not.toThrow();
  });
});

describe('a hospital may not write', () => {
  it.each([
    ['what cannot be parsed', 'permit (principal'],
    ['a template', 'permit (principal == ?principal, action == Action::"releaseUnattended", resource);'],
    ['a purpose that does not exist', `${unattended} when { context.purpose == Purpose::"TREATMENT" };`],
    ['a record type that does not exist', 'forbid (principal, action, resource == RecordType::"Observatoin");'],
    ['an attribute that does not exist', `${unattended} when { context.ward == "7" };`],
    ['a comparison of different types', `${unattended} when { context.role == 7 };`],
    ['an action that does not exist', 'forbid (principal, action == Action::"reveal", resource);'],
    ['a permit of the release itself', 'permit (principal, action == Action::"release", resource);'],
    ['a permit of every action', 'permit (principal, action, resource);'],
    ['a permit of both actions', 'permit (principal, action in [Action::"release", Action::"releaseUnattended"], resource);'],
    ['an id that is no label', `@id("a b") ${unattended};`],
    ['one id twice', `@id("a") ${unattended}; @id("a") ${unattended};`],
  ])('%s', (_name, text) => {
    expect(create(text)).toThrow(expect.objectContaining({ code: 'POLICY_INVALID' }));
  });
});
