import { clientStatus } from './client-status.ts'

export default clientStatus('suspend', 'suspended')
