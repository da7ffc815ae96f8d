import { orgStatus } from './org-status.ts'

export default orgStatus('suspend', 'suspended')
