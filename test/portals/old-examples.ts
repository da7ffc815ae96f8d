import type { Example } from './example.ts'

/** An old portal with an unmodified client library of CAS. Its settings are the address of CAS and its port. */
export interface OldExample extends Pick<Example, 'name' | 'folder' | 'needs' | 'tries' | 'fetch' | 'compile'> {
  start: (directory: string) => string[]
  /** Settings beside the usual ones. */
  settings?: (directory: string) => Record<string, string>
  /** The addresses that it is registered with; a sign-in begins at the first. */
  services: string[]
  /** Where a signed-out person lands. */
  signedOut?: string[]
  /** A page that greets a signed-in person by name. */
  home: string
  /** Begins a sign-out at Yideng too. */
  signOut?: string
  /** It validates over TLS alone. */
  onlyTls?: true
  /** It runs as a user who may not read the directory of the builds. */
  asOther?: true
}

const libraries = 'usr/lib/x86_64-linux-gnu'

export const oldExamples: OldExample[] = [
  {
    name: "Apereo's CAS client for Java",
    folder: 'old-portals/cas-java',
    needs: ['java', 'mvn'],
    fetch: [['mvn', '-q', '-B', '-Dmaven.main.skip', 'package']],
    compile: [['mvn', '-q', '-B', 'package']],
    start: (directory) => ['java', '-cp', `${directory}/target/classes:${directory}/target/lib/*`, 'portal.Portal'],
    services: ['/app'],
    home: '/',
    signOut: '/logout',
  },
  {
    name: 'django-cas-ng with python-cas',
    folder: 'old-portals/cas-django',
    needs: ['python3'],
    fetch: [
      ['python3', '-m', 'venv', '.venv'],
      ['.venv/bin/pip', 'install', '--quiet', '-r', 'requirements.txt'],
    ],
    start: (directory) => [`${directory}/.venv/bin/python`, 'portal.py'],
    services: ['/login'],
    signedOut: ['/'],
    home: '/',
    signOut: '/logout',
  },
  {
    name: 'Apache with mod_auth_cas',
    folder: 'old-portals/cas-apache',
    needs: ['apache2', 'apt-get', 'dpkg'],
    // taken out of Debian's packages: nothing is installed
    fetch: [
      ['apt-get', 'download', 'libapache2-mod-auth-cas', 'libpcre3'],
      ['sh', '-c', 'for package in *.deb; do dpkg -x "$package" module; done; chmod -R go+rX module'],
    ],
    start: () => ['./start.sh'],
    settings: (directory) => ({
      MODULE: `${directory}/module/usr/lib/apache2/modules/mod_auth_cas.so`,
      LD_LIBRARY_PATH: `${directory}/module/lib/${libraries.split('/').at(-1)}:${directory}/module/${libraries}`,
    }),
    services: ['/app/'],
    home: '/app/',
    onlyTls: true,
    asOther: true,
  },
]
