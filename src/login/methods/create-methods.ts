import { loginMethods } from '../../login-methods.ts'
import type { CreateMethod, MethodServices } from '../method-services.ts'
import type { LoginMethod } from '../method.ts'

/** The methods of src/login-methods.ts, in that order: the folder of a method has its name. */
export async function createMethods(services: MethodServices): Promise<LoginMethod[]> {
  const created = await Promise.all(
    loginMethods.map(async ({ name }) => {
      const { createMethod } = (await import(`./${name}/method.ts`)) as { createMethod: CreateMethod }
      return createMethod(services)
    }),
  )
  return created.filter((method) => method !== undefined)
}
