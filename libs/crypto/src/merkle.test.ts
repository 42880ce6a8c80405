import { describe, expect, it } from '@jest/globals';
import { sha256 } from './hash.ts';
import { merkleLeaf, merkleRootOf, merkleTree } from './merkle.ts';

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');
const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

/** The tree test of Certificate Transparency (google/certificate-transparency, merkle_tree_test.cc): entries and roots of 1 to 8 of them. */
const ENTRIES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const leaves = ENTRIES.map((entry) => merkleLeaf(fromHex(entry)));

describe('a Merkle tree', () => {
  it('has the roots of the published test', () => {
    expect(ROOTS.map((_, at) => hex(merkleTree(leaves.slice(0, at + 1)).root))).toEqual(ROOTS);
  });

  it('leads from every leaf of a tree of any size to its root', () => {
    const many = Array.from({ length: 70 }, (_, at) => merkleLeaf(Uint8Array.of(at)));
    for (let size = 1; size <= many.length; size += 1) {
      const tree = merkleTree(many.slice(0, size));
      for (let index = 0; index < size; index += 1) {
        expect(hex(merkleRootOf(many[index] as Uint8Array, index, size, tree.pathOf(index)))).toBe(hex(tree.root));
      }
    }
  });

  it('leads elsewhere, or nowhere, from another leaf, index or path', () => {
    const tree = merkleTree(leaves.slice(0, 7));
    const [leaf, path] = [leaves[2] as Uint8Array, tree.pathOf(2)];
    const other = (root: Uint8Array | undefined): void => expect(hex(root)).not.toBe(hex(tree.root));
    other(merkleRootOf(leaves[3] as Uint8Array, 2, 7, path));
    other(merkleRootOf(leaf, 3, 7, path));
    other(merkleRootOf(leaf, 2, 7, [...path].reverse()));
    for (const [index, size, wrong] of [[2, 7, path.slice(1)], [2, 7, [...path, sha256()]], [7, 7, path], [-1, 7, path], [0.5, 7, path], [2, 64, path]] as const) {
      expect(merkleRootOf(leaf, index, size, wrong)).toBeUndefined();
    }
  });
});
