/** How the schema engine reaches PostgreSQL: Prisma's adapter, with its traps taken out. */
import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import pg from 'pg';

/**
 * @param datasource `url`, and `shadowDatabaseUrl` when shadow databases are to be made on another server
 */
export function schemaAdapterFactory({ url, shadowDatabaseUrl }) {
  return {
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: async () => connect(required(url)),
    connectToShadowDb: async () => {
      const server = shadowDatabaseUrl ?? required(url);
      const name = `prisma_shadow_${randomUUID().replaceAll('-', '')}`;
      await execute(server, `CREATE DATABASE "${name}"`);
      const adapter = await connect(inDatabase(server, name));
      const disconnect = adapter.dispose.bind(adapter);
      adapter.dispose = async () => {
        await disconnect();
        await execute(server, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
      };
      return adapter;
    },
  };
}

/** Makes the database that the URL names, unless it is there; returns its name. */
export async function createDatabase(url) {
  const name = decodeURIComponent(new URL(required(url)).pathname.slice(1));
  try {
    await execute(inDatabase(url, 'postgres'), `CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  } catch (error) {
    const duplicateDatabase = '42P04';
    if (error.code !== duplicateDatabase) throw error;
  }
  return name;
}

async function connect(url) {
  const adapter = await new PrismaPg({ connectionString: url }).connect();
  adapter.queryRaw = (query) => queryCatalogue(adapter, query);
  // The adapter's own splits a script at every semicolon, also inside of a function's body. PostgreSQL takes the script
  // whole, and does all of it or nothing.
  adapter.executeScript = async (script) => {
    try {
      await adapter.underlyingDriver().query(script);
    } catch (error) {
      adapter.onError(error);
    }
  };
  return adapter;
}

/**
 * The adapter refuses columns of PostgreSQL's internal type "char", in which the catalogue keeps the kind of a constraint
 * and the rule of a foreign key. They go through it as text and come out as the characters that the engine expects.
 */
async function queryCatalogue(adapter, query) {
  const internalChar = 18;
  let characters = [];
  const client = {
    query: async (statement) => {
      const result = await adapter.underlyingDriver().query(statement);
      characters = result.fields.map(({ dataTypeID }) => dataTypeID === internalChar);
      result.fields.forEach((field, index) => characters[index] && (field.dataTypeID = pg.types.builtins.TEXT));
      return result;
    },
  };
  const result = await adapter.constructor.prototype.queryRaw.call(Object.create(adapter, { client: { value: client } }), query);
  characters.forEach((isCharacter, index) => isCharacter && (result.columnTypes[index] = ColumnTypeEnum.Character));
  return result;
}

async function execute(url, statement) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function inDatabase(url, name) {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

function required(url) {
  if (typeof url === 'string' && url !== '') return url;
  throw new Error('There is no DATABASE_URL. `node tools/prisma.mjs …` runs Prisma with a database of its own.');
}
