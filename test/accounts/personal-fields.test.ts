import { expect, it } from 'vitest'
import { openField, openPersonalData, sealNothing, sealPersonalData } from '../../src/accounts/personal-fields.ts'
import { openTestServices } from '../setup/test-services.ts'

const data = {
  documentType: 'resident_id',
  documentNumber: '11010519491231002X',
  name: '陈大文',
  phone: '+8613800138000',
  username: 'chen',
}

it('personal data is sealed for one row, and opened field by field or as a whole', async () => {
  const { cipher } = (await openTestServices()).services.dataKeys
  const columns = sealPersonalData(cipher, 'a', data)
  for (const value of Object.values(data))
    if (value !== data.documentType) expect(JSON.stringify(columns)).not.toContain(value)
  expect(openPersonalData(cipher, { id: 'a', ...columns })).toEqual(data)
  expect(openField(cipher, { id: 'a', ...columns }, 'phone')).toBe(data.phone)
  expect(() => openField(cipher, { id: 'b', ...columns }, 'phone')).toThrow()
})

it('a closed account has an empty value in each sealed column', async () => {
  const { cipher } = (await openTestServices()).services.dataKeys
  const { document_type, ...sealed } = sealPersonalData(cipher, 'a', data)
  const nothing = sealNothing(cipher, 'a')
  expect(Object.keys(nothing).toSorted()).toEqual(Object.keys(sealed).toSorted())
  const { documentType, ...empty } = openPersonalData(cipher, { id: 'a', document_type, ...nothing })
  expect(documentType).toBe('resident_id')
  expect(Object.values(empty).every((value) => value === '')).toBe(true)
})
