import { describe, expect, it } from 'vitest'
import { addressOfService, readService, withTicket } from '../../../src/protocols/cas/service.ts'
import { confusingAddresses, registeredAddress } from '../confusing-addresses.ts'

const isTaken = (text: string, registered = [registeredAddress]) => {
  const service = readService(text)
  return service !== undefined && addressOfService(service, registered) !== undefined
}

describe('a service', () => {
  it.each(confusingAddresses)('is refused with %s', (_why, address) => {
    expect(isTaken(address)).toBe(false)
  })

  it.each(['', '?', '?a=1', '?a=1&b=%E4%B8%AD', '?next=https://evil.example/', '?a={x|y}^`', '?Tickets=1&my_ticket=2'])(
    'is taken with the query "%s", which stays as it is',
    (query) => {
      expect(isTaken(registeredAddress + query)).toBe(true)
      expect(readService(registeredAddress + query)).toBe(registeredAddress + query)
    },
  )

  it.each(['?a=1#b', '?a=中', '?a="', '?a=<b>', '?a=\\', '?a= b', '?a=\n', `?a=${'x'.repeat(2000)}`])(
    'is refused with the query %j',
    (query) => expect(isTaken(registeredAddress + query)).toBe(false),
  )

  it.each([
    '?ticket=ST-1',
    '?a=1&ticket=',
    '?TICKET=ST-1',
    '?%74icket=ST-1',
    '?a&ticket',
    '?a=1;ticket=ST-1',
    '?;Ticket',
    '?+ticket=ST-1',
    '?%20ticket=ST-1',
  ])('that brings its own ticket is refused: %s', (query) =>
    expect(readService(registeredAddress + query)).toBeUndefined(),
  )

  it('has any query beside a registered query, and only its own path', () => {
    const registered = [`${registeredAddress}?mode=old`, 'http://localhost:8080/']
    expect(isTaken(`${registeredAddress}?mode=new`, registered)).toBe(true)
    expect(isTaken('http://localhost:8080/', registered)).toBe(true)
    expect(isTaken('http://localhost:8080/x', registered)).toBe(false)
  })

  it('loses the session id that a servlet container wrote into its path', () => {
    const service = readService(`${registeredAddress};jsessionid=0A1B2C.node1?a=1`)
    expect(service).toBe(`${registeredAddress}?a=1`)
    expect(isTaken(`${registeredAddress};jsessionid=0A1B2C/../evil`)).toBe(false)
    expect(isTaken(`https://portal.example.gov.cn;jsessionid=1/cas/app`)).toBe(false)
  })
})

it.each([
  ['', '?ticket=ST-1'],
  ['?', '?ticket=ST-1'],
  ['?a=1', '?a=1&ticket=ST-1'],
  ['?a=1&', '?a=1&ticket=ST-1'],
])('a ticket follows the query "%s"', (query, end) => {
  expect(withTicket(registeredAddress + query, 'ST-1')).toBe(registeredAddress + end)
})
