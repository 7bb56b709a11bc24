import { engineSuite } from '@angee/testkit'
import { expect, it } from 'vitest'
import { hookCases } from './hook-cases.ts'
import { type ContainerPlace, containerPlace, type Place, provisioned, until, writeUntilStopped } from './place.ts'
import { must, type Outcome, recipeService, secretValue } from './recipe.ts'

const client = 'MYSQL_PWD="$MARIADB_ROOT_PASSWORD" mariadb --user=root --batch --raw --skip-column-names'
const sql = (place: Place, text: string, database = 'app') =>
  must(place.shell(`${client} ${database}`, Buffer.from(text)))

async function openMariadb(): Promise<ContainerPlace> {
  const service = recipeService('mariadb/container.yaml', 'mariadb')
  // Hundreds of statements that change tables, each of which is flushed to the disk.
  const place = await containerPlace(provisioned('RECIPES_IMAGE'), service, ['mariadbd', '--event-scheduler=ON'], {
    tmpfs: ['/var/lib/mysql'],
  })
  await until(place, `${client} --execute="SELECT 1" app`)
  return place
}

const schema = `
  CREATE TABLE people (id bigint AUTO_INCREMENT PRIMARY KEY, name varchar(100) NOT NULL, mood enum('well', 'ill') DEFAULT
    'well', picture blob, at timestamp(6) DEFAULT '2020-02-02 02:02:02.123456', twice int AS (id * 2) VIRTUAL, KEY (name));
  CREATE TABLE accounts (id int PRIMARY KEY, owner bigint, balance int NOT NULL CHECK (balance > -1000000),
    CONSTRAINT owns FOREIGN KEY (owner) REFERENCES people (id) ON DELETE CASCADE);
  CREATE SEQUENCE numbers START WITH 7;
  CREATE TABLE numbered (id int DEFAULT nextval(numbers), body text);
  CREATE TABLE \`odd \`\`name\` (\`a b\` int);
  CREATE TABLE visits (id int PRIMARY KEY);
  INSERT INTO visits VALUES (1), (2), (3);
  INSERT INTO people (name, picture) SELECT concat('nämé \\'\\n\\\\', seq, char(0)), unhex(sha2(seq, 256)) FROM seq_1_to_5000;
  INSERT INTO accounts SELECT seq, seq, 100 FROM seq_1_to_1000;
  INSERT INTO numbered (body) VALUES ('first');
  CREATE FUNCTION shout(t text) RETURNS text DETERMINISTIC RETURN upper(t);
  DELIMITER ;;
  CREATE PROCEDURE note(t text) BEGIN INSERT INTO numbered (body) VALUES (t); END;;
  CREATE TRIGGER shouting BEFORE INSERT ON people FOR EACH ROW BEGIN SET NEW.name = shout(NEW.name); END;;
  CREATE EVENT sweep ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 00:00:00' DO BEGIN DELETE FROM visits WHERE id = 0; END;;
  DELIMITER ;
  CREATE VIEW rich AS SELECT p.name, shout(p.name) AS loud FROM people p JOIN accounts a ON a.owner = p.id
    WHERE a.balance > 100;
  CREATE VIEW all_rich AS SELECT * FROM rich;`

/** What a migration that went wrong may leave. */
const drift = `
  CREATE TABLE later (id int PRIMARY KEY, person bigint, FOREIGN KEY (person) REFERENCES people (id));
  CREATE VIEW also AS SELECT id, name FROM people;
  CREATE TRIGGER counting AFTER DELETE ON accounts FOR EACH ROW INSERT INTO visits VALUES (100 + OLD.id);
  CREATE FUNCTION whisper(t text) RETURNS text DETERMINISTIC RETURN lower(t);
  CREATE EVENT hourly ON SCHEDULE EVERY 1 HOUR DO SET @x = 1;
  ALTER TABLE people ADD COLUMN extra json, DROP COLUMN twice;
  DROP VIEW all_rich;
  DROP PROCEDURE note;
  DROP TABLE numbered;
  DROP SEQUENCE numbers;
  DELETE FROM accounts WHERE id % 2 = 0;
  UPDATE visits SET id = id + 10 WHERE id < 4;
  ALTER DATABASE CHARACTER SET latin1;`

const fill = async (place: Place) =>
  void (await sql(place, `DROP DATABASE IF EXISTS app; CREATE DATABASE app; USE app; ${schema}`, 'mysql'))

/** Everything in the database as text, but the hosts and times of the dump's comments. */
const contents = (place: Place) =>
  must(
    place.shell(`export MYSQL_PWD="$MARIADB_ROOT_PASSWORD"
      mariadb-dump --user=root --single-transaction --skip-dump-date --hex-blob --routines --events --triggers --databases app`),
  )
const databases = (place: Place) => sql(place, "SHOW DATABASES LIKE 'app%'")

engineSuite('recipe mariadb', ['docker', 'recipes-image'], () => {
  const { hook, place, dump, restore } = hookCases<ContainerPlace>({
    recipe: 'mariadb',
    open: openMariadb,
    fill,
    contents,
    drift: async (at) => void (await sql(at, drift)),
    client: /mariadb-dump/,
  })

  /** Holds the dump back in the middle, where it has its snapshot and most is still to be read, and does something. */
  async function dumpWhile(happening: string): Promise<Outcome & { happened: string }> {
    await must(place().shell('rm -f /tmp/go; mkfifo /tmp/go'))
    const dumping = place().shell(`
      { sh -c '${String(hook.dump).replaceAll("'", `'\\''`)}'; echo $? >/tmp/code; } |
        { dd bs=1 count=200000 2>/dev/null; echo 1 >/tmp/begun; read go </tmp/go; cat; }
      exit $(cat /tmp/code)`)
    await until(place(), 'rm /tmp/begun')
    const happened = await place().shell(`${client} app`, Buffer.from(happening))
    await must(place().shell('echo go >/tmp/go'))
    return { ...(await dumping), happened: happened.stderr }
  }

  /**
   * The table that a case changes, anew; all the others only when they are not there. The server tells by the second when
   * a table was made: one that is altered in that same second looks as before.
   */
  async function renewVisits(): Promise<void> {
    const filled = await place().shell(`${client} app`, Buffer.from('SELECT 1 FROM people LIMIT 1'))
    if (filled.stdout.length === 0) await fill(place())
    await sql(
      place(),
      'DROP TABLE IF EXISTS zz_log, v1, v2, visits; CREATE TABLE visits AS SELECT seq AS id FROM seq_1_to_3; DO SLEEP(1.1)',
    )
  }

  it('dumps one state while others write', async () => {
    await fill(place())
    const transfers = Array.from({ length: 500 }, (_, i) => {
      const [from, to] = [(i % 1000) + 1, ((i * 7) % 1000) + 1]
      return `BEGIN; UPDATE accounts SET balance = balance - 1 WHERE id = ${from};
        UPDATE accounts SET balance = balance + 1 WHERE id = ${to}; COMMIT;`
    })
    const writing = writeUntilStopped(place(), `${client} app`, transfers.join('\n'))
    while ((await sql(place(), 'SELECT count(*) FROM accounts WHERE balance <> 100')) === '0\n');
    const { code, stdout, stderr } = await dump()
    await writing.stop()
    expect([code, stderr]).toEqual([0, ''])
    expect((await restore(stdout)).code).toBe(0)
    expect(await sql(place(), 'SELECT sum(balance), count(*) FROM accounts')).toBe('100000\t1000\n')
  })

  it('dumps what was there when it began, also where a table is written to before its turn', async () => {
    await fill(place())
    const original = await contents(place())
    const { code, stdout } = await dumpWhile('DELETE FROM visits; INSERT INTO visits VALUES (99)')
    expect(code).toBe(0)
    expect((await restore(stdout)).code).toBe(0)
    expect(await contents(place())).toBe(original)
  })

  it('dumps one state of tables without transactions by locking them', async () => {
    await fill(place())
    await sql(place(), 'CREATE TABLE zz_log (id int) ENGINE=MyISAM; INSERT INTO zz_log VALUES (1)')
    const original = await contents(place())
    const { code, stdout, happened } = await dumpWhile('SET lock_wait_timeout = 1; UPDATE zz_log SET id = 2')
    expect([code, happened]).toEqual([0, expect.stringContaining('Lock wait timeout')])
    expect((await restore(stdout)).code).toBe(0)
    expect(await contents(place())).toBe(original)
  })

  it.each([
    ['changes places with another', 'CREATE TABLE v2 (id int); RENAME TABLE visits TO v1, v2 TO visits'],
    ['is altered', 'ALTER TABLE visits ADD COLUMN more int FIRST'],
    ['is emptied', 'TRUNCATE TABLE visits'],
    ['is dropped', 'DROP TABLE visits'],
  ])('fails to dump when a table %s meanwhile', async (_, change) => {
    await renewVisits()
    const { code, stderr } = await dumpWhile(change)
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/meanwhile|doesn't exist|definition has changed/)
  })

  it('fails to dump when the connection is cut, the password is wrong or the database has another name', async () => {
    await fill(place())
    const cut = await dumpWhile(
      'SELECT id INTO @dump FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND db = "app" LIMIT 1; KILL @dump',
    )
    expect(cut.code).not.toBe(0)
    expect(cut.stderr).toMatch(/Lost connection|gone away|server has/)
    for (const wrong of [{ MARIADB_DATABASE: 'nowhere' }, { MYSQL_PWD: 'wrong' }] as Record<string, string>[]) {
      const { code, stdout, stderr } = await dump(wrong)
      expect(code).not.toBe(0)
      expect(stderr).toMatch(/nowhere|Access denied/)
      expect(stdout.length).toBe(0)
      expect((await restore(Buffer.from('x'), wrong)).code).not.toBe(0)
    }
  })

  it('takes everything back when what is not a table cannot be made', async () => {
    await fill(place())
    const { stdout } = await dump()
    await sql(place(), drift)
    const present = await contents(place())
    const broken = stdout.toString('latin1').replace('from (`people`', 'from (`peoplx`')
    const { code, stderr } = await restore(Buffer.from(broken, 'latin1'))
    expect(code).not.toBe(0)
    expect(stderr).toContain('the database is as it was')
    expect(await contents(place())).toBe(present)
    expect(await databases(place())).toBe('app\n')
  })

  it('changes nothing when a table stays busy for too long', async () => {
    await fill(place())
    const { stdout } = await dump()
    await sql(place(), drift)
    const present = await contents(place())
    const holding = sql(
      place(),
      "BEGIN; SELECT * FROM accounts FOR UPDATE; DO GET_LOCK('held', 1); DO SLEEP(60)",
    ).catch(() => '')
    await until(place(), `[ $(${client} -e "SELECT IS_USED_LOCK('held')") != NULL ]`)
    const { code, stderr } = await restore(stdout, { MARIADB_LOCK_WAIT: '1' })
    await sql(place(), "SELECT IS_USED_LOCK('held') INTO @holder; KILL @holder")
    await holding
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/Lock wait timeout exceeded[\s\S]*the database is as it was/)
    expect(await contents(place())).toBe(present)
    expect(await databases(place())).toBe('app\n')
  })

  it('dumps and restores beside a view that refers to something which is gone, without that view', async () => {
    await fill(place())
    const original = await contents(place())
    await sql(place(), 'CREATE TABLE short (id int); CREATE VIEW broken AS SELECT * FROM short; DROP TABLE short')
    const { code, stdout } = await dump()
    expect(code).toBe(0)
    expect((await restore(stdout)).code).toBe(0)
    expect(await contents(place())).toBe(original)
  })

  it('refuses while another database has a foreign key into this one', async () => {
    await fill(place())
    const { stdout } = await dump()
    await sql(
      place(),
      'CREATE DATABASE other; CREATE TABLE other.t (person bigint, FOREIGN KEY (person) REFERENCES app.people (id))',
    )
    const { code, stderr } = await restore(stdout)
    await sql(place(), 'DROP DATABASE other')
    expect(code).not.toBe(0)
    expect(stderr).toContain('other.t has a foreign key into app')
  })

  it('fires no event and no trigger on the way', async () => {
    await fill(place())
    await sql(
      place(),
      'CREATE EVENT always ON SCHEDULE EVERY 1 SECOND DO INSERT INTO numbered (body) VALUES (DATABASE())',
    )
    await until(place(), `[ $(${client} app -e "SELECT COUNT(*) FROM numbered WHERE body = 'app'") -gt 0 ]`)
    const { stdout } = await dump()
    await sql(place(), 'DROP EVENT always')
    expect((await restore(stdout)).code).toBe(0)
    await sql(place(), 'DROP EVENT always')
    expect(await sql(place(), "SELECT DISTINCT body FROM numbered WHERE body NOT IN ('first', 'app')")).toBe('')
    expect(await sql(place(), 'SELECT COUNT(*) FROM visits')).toBe('3\n')
  })

  it('keeps grants, and lets the application in with its own password', async () => {
    await fill(place())
    const { stdout } = await dump()
    expect((await restore(stdout)).code).toBe(0)
    const asked = place().shell('mariadb --user=app -e "SELECT COUNT(*) FROM people" -N app', undefined, {
      MYSQL_PWD: secretValue,
    })
    expect(await must(asked)).toBe('5000\n')
  })
})
