import type { DynamicModule, Provider } from '@nestjs/common';
import { AuthorityController } from '../authority/authority-controller.ts';
import { httpModule } from './http-module.ts';
import type { HttpBasics } from './http-module.ts';

/** The HTTP side of an authority: what it publishes, admission and health. */
export function authorityModule(basics: HttpBasics, services: readonly Provider[]): DynamicModule {
  return httpModule(basics, { imports: [], controllers: [AuthorityController], providers: [...services] });
}
