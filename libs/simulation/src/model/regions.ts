/** Where nodes stand, and how long a message takes there and back. */
export interface RegionModel {
  readonly regions: readonly string[];
  /** Share of the nodes in each region; they add up to 1. */
  readonly shares: readonly number[];
  /** Round trips in milliseconds between data centres, from region to region. */
  readonly roundTrips: readonly (readonly number[])[];
}

/** Names of the models that are built in. */
export type RegionName = 'building' | 'europe' | 'world';

/** Round trip between two hospitals of a region, ms: 2 between availability zones (IBM, as below: 1.8 to 2.2). */
const WITHIN_REGION = 2;

/**
 * Mean round trips between data centres from 27 July to 25 August 2024, as IBM Cloud publishes them
 * (github.com/ibm-cloud-docs/vpc, `_include-segments/network-latency.md`), in milliseconds. The shares are assumptions.
 */
export const REGION_MODELS: Readonly<Record<RegionName, RegionModel>> = {
  building: { regions: ['one building'], shares: [1], roundTrips: [[0.5]] },
  europe: {
    regions: ['Frankfurt', 'London', 'Madrid'],
    shares: [0.5, 0.25, 0.25],
    roundTrips: [
      [WITHIN_REGION, 13, 29],
      [13, WITHIN_REGION, 27],
      [29, 27, WITHIN_REGION],
    ],
  },
  world: {
    regions: ['Frankfurt', 'Washington DC', 'Sao Paulo', 'Tokyo', 'Sydney'],
    shares: [0.35, 0.3, 0.1, 0.15, 0.1],
    roundTrips: [
      [WITHIN_REGION, 91, 198, 233, 250],
      [91, WITHIN_REGION, 118, 164, 214],
      [196, 119, WITHIN_REGION, 283, 328],
      [233, 166, 284, WITHIN_REGION, 115],
      [249, 214, 328, 115, WITHIN_REGION],
    ],
  },
};
