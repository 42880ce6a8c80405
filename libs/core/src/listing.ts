/** Whether other hospitals can find a patient through the locator. */
export const LISTINGS = ['listed', 'unlisted'] as const;

/** One of {@link LISTINGS}. */
export type Listing = (typeof LISTINGS)[number];
