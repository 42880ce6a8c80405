/** The context that comes first in every credential of version 2.0. */
export const CREDENTIALS_V2 = 'https://www.w3.org/ns/credentials/v2';

/** The vocabulary that the data model names for terms that no other context defines (section 5.2). */
export const UNDEFINED_TERMS_V2 = 'https://www.w3.org/ns/credentials/undefined-terms/v2';
