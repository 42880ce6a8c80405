/**
 * Builds the native addon for PKCS#11, which only hospitals with a token need: `npm ci` runs no scripts, so it comes as source.
 * Uses npm's own node-gyp and the headers of the Node that runs Carecord; downloads nothing. Needs a C++ compiler, make and Python 3.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const addon = join(root, 'node_modules', 'pkcs11js');
const pinned = join(root, 'node_modules', '.bin', 'node');
const node = realpathSync(existsSync(pinned) ? pinned : process.execPath);

function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

function loads() {
  return spawnSync(node, ['-e', 'require(process.argv[1])', addon], { stdio: 'ignore' }).status === 0;
}

/** The node-gyp that the machine's npm brings along. */
function findNodeGyp() {
  const npms = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'npm')).filter(existsSync);
  const besideNpm = npms.map((npm) => join(dirname(dirname(realpathSync(npm))), 'node_modules', 'node-gyp', 'bin', 'node-gyp.js'));
  return besideNpm.find(existsSync);
}

if (!existsSync(join(addon, 'binding.gyp'))) fail('The addon for PKCS#11 is not there: install the dependencies first (npm ci --ignore-scripts).');
if (loads()) process.exit(0);

const headers = [dirname(dirname(node)), dirname(dirname(realpathSync(process.execPath)))].find((prefix) => existsSync(join(prefix, 'include', 'node', 'node_api.h')));
if (headers === undefined) fail('The addon for PKCS#11 cannot be built: the headers of Node are not beside it.');
const nodeGyp = findNodeGyp();
if (nodeGyp === undefined) fail('The addon for PKCS#11 cannot be built: npm, which brings node-gyp, is not in the path.');

process.stderr.write('Building the addon for PKCS#11 ...\n');
const { status, stdout, stderr } = spawnSync(node, [nodeGyp, 'rebuild', `--nodedir=${headers}`, '--loglevel=error'], { cwd: addon, encoding: 'utf8' });
if (status !== 0 || !loads()) {
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`);
  fail('The addon for PKCS#11 cannot be built: the lines above say why. It needs a C++ compiler, make and Python 3.');
}
