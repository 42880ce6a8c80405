/** Invented: people, streets and towns of no particular country. Any likeness to a person is chance. */
export const FEMALE_NAMES = ['Alva', 'Brisa', 'Calla', 'Dorthe', 'Elin', 'Fenja', 'Greta', 'Hanneke', 'Ilva', 'Jorun', 'Katla', 'Lioba', 'Merle', 'Nerida', 'Oda', 'Petra', 'Runa', 'Saskia', 'Tamsin', 'Ylva'] as const;

/** See {@link FEMALE_NAMES}. */
export const MALE_NAMES = ['Anselm', 'Bastian', 'Corwin', 'Dario', 'Emrik', 'Falk', 'Gideon', 'Henning', 'Ivo', 'Jarl', 'Kaspar', 'Lorenz', 'Matti', 'Niklas', 'Ottmar', 'Piet', 'Rasmus', 'Soren', 'Tibor', 'Vidar'] as const;

/** See {@link FEMALE_NAMES}; some with letters beyond ASCII, as names have them. */
export const FAMILY_NAMES = ['Abendroth', 'Birkenfeld', 'Castellane', 'Dunmore', 'Eschwege', 'Fährmann', 'Gallowglas', 'Hollingberg', 'Iversholt', 'Järvimaa', 'Kestrelby', 'Lindqvarn', 'Moorcastle', 'Nørrebek', 'Oakenhurst', 'Pellegrinaud', 'Quillfeather', 'Rosenschön', 'Silverthorn', 'Tannhoff', 'Underwald', 'Vandermeulen', 'Wintermarsh', 'Yarrowdale', 'Zeidlinger'] as const;

/** See {@link FEMALE_NAMES}. */
export const STREETS = ['Alder Lane', 'Bridge Street', 'Chapel Row', 'Dovecote Road', 'Elm Terrace', 'Foundry Street', 'Garden Walk', 'Harbour Road', 'Ivy Close', 'Juniper Way', 'Kiln Street', 'Lantern Hill'] as const;

/** See {@link FEMALE_NAMES}. */
export const TOWNS = ['Ashcombe-on-Lyr', 'Bellhaven', 'Crickwood', 'Dunsmoor', 'Eastferry', 'Fallowmere', 'Greenholt', 'Highwater', 'Inchbrook', 'Kingsferry'] as const;
