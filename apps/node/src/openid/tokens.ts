/** Injection tokens of what has no class of its own. */
export const OPENID_LOGGER = Symbol('Logger of the OpenID routes');
/** The address of the application, or null: then callbacks answer JSON. */
export const OPENID_RETURN_ADDRESS = Symbol('Address that the browser goes back to');
