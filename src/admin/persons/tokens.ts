/** The method of one-time codes, for the commands about tokens. */
export { giveHardwareToken, importSeeds, openSeeds } from '../../login/methods/otp/hardware.ts'
export { removeAllTokens } from '../../login/methods/otp/keeping.ts'
