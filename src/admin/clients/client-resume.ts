import { clientStatus } from './client-status.ts'

export default clientStatus('resume', 'active')
