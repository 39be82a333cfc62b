import Foundation

/// Something that happens once and that others wait for.
final class Gate: @unchecked Sendable {
    // `@unchecked Sendable`: `isOpen` is only touched under the condition's lock.
    private let condition = NSCondition()
    private var isOpen = false

    func open() {
        condition.lock()
        isOpen = true
        condition.broadcast()
        condition.unlock()
    }

    func pass() {
        condition.lock()
        while !isOpen { condition.wait() }
        condition.unlock()
    }
}
