/** A process that makes root keys one after the other until it is killed, or as many as its third argument says. */
import { openSealedFileHolder } from './sealed-file-holder.ts';

const [path = '', passphrase = '', count = 'Infinity'] = process.argv.slice(2);
const holder = await openSealedFileHolder({ path, passphrase });
process.send?.('ready');
for (let made = 0; made < Number(count); made += 1) await holder.createRootKey();
process.disconnect();
