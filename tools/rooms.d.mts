/** A room and the rooms of ours that it may import. */
export interface Room {
  readonly name: string;
  readonly mayImport: readonly string[];
}
export declare const rooms: readonly Room[];
