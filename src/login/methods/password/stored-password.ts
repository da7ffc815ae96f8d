export { hashOf, passwordAuthenticator } from '../../../accounts/passwords/stored-password.ts'
