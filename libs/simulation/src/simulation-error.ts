import { CarecordError } from '@carecord/core';

/** `PARAMETER_INVALID`: a number outside what the model can be asked; `CHART_EMPTY`: nothing to draw. */
export type SimulationErrorCode = 'PARAMETER_INVALID' | 'CHART_EMPTY';

/** Why a simulation was not run. */
export class SimulationError extends CarecordError<SimulationErrorCode> {}
