import { Injectable } from '@nestjs/common';
import type { PipeTransform } from '@nestjs/common';
import type { z } from 'zod';
import { InputError } from '../../failures/input-error.ts';

/** Checks an argument with a schema before the resolver sees it. */
@Injectable()
export class InputPipe<Schema extends z.ZodType> implements PipeTransform<unknown, z.infer<Schema>> {
  constructor(private readonly schema: Schema) {}

  /** @throws InputError naming each wrong place, never its value */
  transform(value: unknown): z.infer<Schema> {
    const result = this.schema.safeParse(value);
    if (result.success) return result.data;
    throw new InputError(
      result.error.issues.map((issue) => ({
        severity: 'error',
        code: issue.code === 'too_big' ? 'too-long' : 'value',
        expression: issue.path.join('.'),
        diagnostics: issue.message,
      })),
    );
  }
}
