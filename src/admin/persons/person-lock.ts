import { personStatus } from './person-status.ts'

export default personStatus('lock', 'locked')
