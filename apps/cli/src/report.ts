import type { PatientIdentifier } from './scenario/patients.ts';
import type { RunningHospital } from './network/local-network.ts';

/** One step of the scenario, as it was seen from outside. */
export interface ScenarioStep {
  /** Kebab-case, stable: for programs. */
  readonly step: string;
  /** A sentence for a hospital's IT person. */
  readonly title: string;
  /** What was seen, as plain values. */
  readonly facts: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** How the local network tells what happens. */
export interface Report {
  title(hospitals: number): void;
  ready(hospitals: readonly RunningHospital[]): void;
  step(step: ScenarioStep): void;
  /** @param patient one to try the API with, known to the first hospital */
  done(hospitals: readonly RunningHospital[], stays: boolean, patient: PatientIdentifier | undefined): void;
  failed(reason: string): void;
}

/** One JSON object a line: `ready`, then `step`s, then `done` (or `failed`). */
export function jsonReport(stream: NodeJS.WritableStream): Report {
  const line = (value: object): void => {
    stream.write(`${JSON.stringify(value)}\n`);
  };
  return {
    title: () => undefined,
    ready: (hospitals) => line({ event: 'ready', hospitals: hospitals.map(publicFace) }),
    step: (step) => line({ event: 'step', ...step }),
    done: () => line({ event: 'done' }),
    failed: (reason) => line({ event: 'failed', reason }),
  };
}

/** Sentences for a person at a terminal. */
export function textReport(stream: NodeJS.WritableStream): Report {
  let count = 0;
  return {
    title: (hospitals) => {
      stream.write(`Carecord: ${hospitals} hospitals on this machine, no central store.\n\n`);
    },
    ready: (hospitals) => {
      stream.write('\n');
      for (const { hospital, did, graphql } of hospitals) stream.write(`  ${hospital.name}\n    ${did}\n    ${graphql}${movedPort(hospital.preferredPort, graphql)}\n`);
      stream.write('\n');
    },
    step: (step) => {
      count += 1;
      stream.write(`${count}. ${step.title}\n`);
      for (const [name, value] of Object.entries(step.facts)) stream.write(`     ${words(name)}: ${Array.isArray(value) ? value.join(', ') : String(value)}\n`);
    },
    done: (hospitals, stays, patient) => {
      stream.write('\nThe record went from one hospital to another, and only to the one that may have it.\n');
      if (!stays) return;
      for (const { hospital, graphql, users } of hospitals) {
        stream.write(`\n  ${hospital.name}  ${graphql}\n`);
        for (const user of users) stream.write(`    sign in as ${user.username.padEnd(10)} ${user.password}   (${user.role})\n`);
      }
      if (patient !== undefined) stream.write(`\n  A patient to try, at the first hospital: system ${patient.system}, value ${patient.value}\n`);
      stream.write('\nThe network stays up. Ctrl-C stops it; "npm run reset" removes its data.\n');
    },
    failed: (reason) => {
      stream.write(`\n${reason}\n`);
    },
  };
}

function publicFace({ hospital, did, peerId, graphql, databaseUrl, users }: RunningHospital): object {
  return { name: hospital.name, did, peerId, graphql, databaseUrl, users };
}

function movedPort(preferred: number, graphql: string): string {
  return new URL(graphql).port === String(preferred) ? '' : `   (port ${preferred} was busy)`;
}

function words(camelCase: string): string {
  return camelCase.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
