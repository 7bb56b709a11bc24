import { engineSuite } from '@angee/testkit'
import { expect, it } from 'vitest'
import { hookCases } from './hook-cases.ts'
import { type ContainerPlace, containerPlace, type Place, provisioned, until, writeUntilStopped } from './place.ts'
import { must, recipeService } from './recipe.ts'

const suffix = 'dc=example,dc=org'
const account = `umask 077; printf %s "$LDAP_INIT_ROOT_USER_PW" >/tmp/password`
const asAdmin = '-x -D "$LDAP_INIT_ROOT_USER_DN" -y /tmp/password'
const asRoot = '-Q -Y EXTERNAL -H ldapi:///'

async function openLdap(): Promise<ContainerPlace> {
  const service = recipeService('openldap/container.yaml', 'ldap')
  const place = await containerPlace(provisioned('RECIPES_IMAGE'), service, ['slapd'])
  await until(place, `ldapwhoami ${asRoot}`)
  await must(place.shell(account))
  // Thousands of entries are made here, one by one.
  const unsynced = 'dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nreplace: olcDbNoSync\nolcDbNoSync: TRUE\n'
  await must(place.shell(`ldapmodify ${asRoot}`, Buffer.from(unsynced)))
  return place
}

const add = (place: Place, ldif: string) => must(place.shell(`ldapadd ${asAdmin}`, Buffer.from(ldif)))
const modify = (place: Place, ldif: string) => must(place.shell(`ldapmodify ${asAdmin}`, Buffer.from(ldif)))

function person(name: string, more = ''): string {
  const id = Buffer.from(name).toString('base64')
  const dn = Buffer.from(`uid=${name},ou=people,${suffix}`).toString('base64')
  return `dn:: ${dn}\nobjectClass: inetOrgPerson\nuid:: ${id}\ncn:: ${id}\nsn: Person\nuserPassword: secret\n${more}\n`
}

async function fill(place: Place): Promise<void> {
  await must(place.shell(`ldapdelete -r ${asAdmin} ${suffix} 2>/tmp/log || grep -q 'No such object' /tmp/log`))
  const people = Array.from({ length: 2000 }, (_, i) => person(i % 50 === 0 ? `Zoë ${i}` : `person${i}`))
  await add(
    place,
    `dn: ${suffix}\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n
dn: ou=people,${suffix}\nobjectClass: organizationalUnit\nou: people\n
${person('first', 'description: 0\n')}
${people.join('\n')}
${person('last', 'description: 0\n')}
dn: cn=crew,${suffix}\nobjectClass: groupOfNames\ncn: crew
member: uid=first,ou=people,${suffix}\nmember: uid=last,ou=people,${suffix}\n
dn: ou=new,${suffix}\nobjectClass: organizationalUnit\nou: new\n`,
  )
  // Now an entry lies below one that was made after it.
  await modify(
    place,
    `dn: uid=person7,ou=people,${suffix}\nchangetype: modrdn\nnewrdn: uid=person7\ndeleteoldrdn: 0\nnewsuperior: ou=new,${suffix}\n`,
  )
}

const drift = async (place: Place) =>
  void (await modify(
    place,
    `dn: uid=person9,ou=people,${suffix}\nchangetype: delete\n
dn: uid=first,ou=people,${suffix}\nchangetype: modify\nreplace: sn\nsn: Changed\n
dn: cn=crew,${suffix}\nchangetype: modify\nadd: member\nmember: uid=person8,ou=people,${suffix}\n
dn: ou=later,${suffix}\nchangetype: add\nobjectClass: organizationalUnit\nou: later\n`,
  ))

/** Every entry with all that the server notes about it; where it lies in the database may change. */
async function contents(place: Place): Promise<string> {
  const ldif = await must(place.shell(`slapcat -o ldif-wrap=no -b ${suffix}`))
  return ldif.split('\n\n').sort().join('\n\n')
}

engineSuite('recipe openldap', ['docker', 'recipes-image'], () => {
  const { place, dump, restore } = hookCases<ContainerPlace>({
    recipe: 'openldap',
    service: 'ldap',
    open: openLdap,
    fill,
    contents,
    drift,
    client: /slapcat/,
  })

  it('dumps one state while others write', async () => {
    await fill(place())
    // The first entry is always written before the last, so that a dump that reads on while others write has it behind.
    const counts = Array.from({ length: 300 }, (_, i) =>
      ['first', 'last'].map(
        (name) =>
          `dn: uid=${name},ou=people,${suffix}\nchangetype: modify\nreplace: description\ndescription: ${i + 1}\n`,
      ),
    )
    const writing = writeUntilStopped(place(), `ldapmodify ${asAdmin}`, counts.flat().join('\n'))
    await until(place(), `slapcat -b ${suffix} | grep '^description: [1-9]'`)
    for (let times = 0; times < 5; times += 1) {
      const { code, stdout, stderr } = await dump()
      expect([code, stderr]).toEqual([0, ''])
      const [first, last] = [...stdout.toString().matchAll(/^description: (\d+)$/gm)].map(([, count]) => Number(count))
      // One behind, or just begun anew.
      expect([0, 1, -299]).toContain(Number(first) - Number(last))
    }
    await writing.stop()
  })

  it('answers from the restored entries at once, by every index, and lets clients write', async () => {
    await fill(place())
    const { stdout } = await dump()
    await drift(place())
    expect((await restore(stdout)).code).toBe(0)
    const find = (filter: string, attribute: string) =>
      must(place().shell(`ldapsearch -LLL -o ldif-wrap=no ${asAdmin} -b ${suffix} '${filter}' ${attribute}`))
    expect(await find('(uid=person9)', '1.1')).toBe(`dn: uid=person9,ou=people,${suffix}\n\n`)
    expect(await find('(uid=first)', 'memberOf')).toContain(`memberOf: cn=crew,${suffix}\n`)
    expect(await find('(ou=later)', '1.1')).toBe('')
    await drift(place())
    expect(await find('(ou=later)', '1.1')).toBe(`dn: ou=later,${suffix}\n\n`)
    // Attributes are still the same ones to the server and to who reads its files.
    await add(place(), person('new', 'mobile: 1\nroomNumber: 2\n'))
    expect(await contents(place())).toMatch(/^mobile: 1\nroomNumber: 2$/m)
    expect(await must(place().shell(`slapschema -b ${suffix}`))).toBe('')
    expect(await must(place().shell('ls /var/lib/ldap'))).toBe('data.mdb\nlock.mdb\n')
  })

  it('holds what was restored also after a crash', async () => {
    await fill(place())
    const original = await contents(place())
    const { stdout } = await dump()
    await drift(place())
    expect((await restore(stdout)).code).toBe(0)
    await place().crash()
    await until(place(), `ldapwhoami ${asRoot}`)
    expect(await contents(place())).toBe(original)
  })

  it('fails to dump and to restore a suffix that the server does not have', async () => {
    const { stdout } = await dump()
    for (const outcome of [
      await dump({ LDAP_SUFFIX: 'dc=nowhere' }),
      await restore(stdout, { LDAP_SUFFIX: 'dc=nowhere' }),
    ]) {
      expect(outcome.code).not.toBe(0)
      expect(outcome.stderr).toContain('no mdb database for dc=nowhere')
      expect(outcome.stdout.length).toBe(0)
    }
  })

  it('puts the old files back when the server does not open the new ones', async () => {
    await fill(place())
    const { stdout } = await dump()
    await drift(place())
    const present = await contents(place())
    // A server that is told its directory, and does not hear.
    const deaf =
      '#!/bin/sh\ncat >/tmp/told; ! grep -q olcDbDirectory /tmp/told || exit 1; exec /usr/bin/ldapmodify "$@" </tmp/told\n'
    await must(
      place().shell('mkdir -p /tmp/deaf; cat >/tmp/deaf/ldapmodify; chmod +x /tmp/deaf/ldapmodify', Buffer.from(deaf)),
    )
    const { code, stderr } = await restore(stdout, { PATH: '/tmp/deaf:/usr/sbin:/usr/bin:/sbin:/bin' })
    expect(code).not.toBe(0)
    expect(stderr).toContain('the directory is as it was')
    expect(await contents(place())).toBe(present)
    await add(place(), `dn: ou=after,${suffix}\nobjectClass: organizationalUnit\nou: after\n`)
    await place().crash()
    await until(place(), `ldapwhoami ${asRoot}`)
    expect(await contents(place())).toContain('ou: after')
  })
})
