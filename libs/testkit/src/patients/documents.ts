import { createHash } from 'node:crypto';
import { DISCHARGE_SUMMARY } from './clinical-codes.ts';
import { concept } from './concepts.ts';
import { onePagePdf } from './pdf.ts';
import type { Visit } from './visit.ts';

/** Adds the letter of a visit as a DocumentReference: as plain text and as a PDF, both inside. */
export function addDischargeLetter(visit: Visit, findings: readonly string[]): void {
  const { builder, person } = visit;
  const lines = [
    visit.hospital.name,
    '',
    `Discharge letter of ${visit.start.slice(0, 10)}`,
    `Patient: ${person.given.join(' ')} ${person.family}, born ${person.birthDate}`,
    `National identifier: ${person.nationalId}`,
    '',
    'Dear colleague,',
    'thank you for the referral. We report on the treatment at our hospital:',
    ...findings.map((finding) => `- ${finding}`),
    'We recommend a control by the family doctor.',
    '',
    visit.practitioner.display ?? 'The physician in charge',
  ];
  builder.add('DocumentReference', {
    status: 'current',
    docStatus: 'final',
    type: concept('loinc', DISCHARGE_SUMMARY),
    subject: visit.patient,
    date: visit.end,
    author: [visit.practitioner],
    custodian: visit.staff.organization,
    description: `Discharge letter of ${person.given[0] ?? ''} ${person.family}`,
    content: [
      { attachment: attachment('text/plain; charset=utf-8', Buffer.from(`${lines.join('\n')}\n`), 'Discharge letter', visit.end) },
      { attachment: attachment('application/pdf', onePagePdf(lines), 'Discharge letter (PDF)', visit.end) },
    ],
    context: { encounter: [visit.encounter], period: { start: visit.start, end: visit.end } },
  });
}

/** An R4 Attachment with its content inside; its hash is SHA-1, as R4 prescribes. */
function attachment(contentType: string, content: Uint8Array, title: string, creation: string): Record<string, unknown> {
  return {
    contentType,
    language: 'en',
    data: Buffer.from(content).toString('base64'),
    size: content.length,
    hash: createHash('sha1').update(content).digest('base64'),
    title,
    creation,
  };
}
