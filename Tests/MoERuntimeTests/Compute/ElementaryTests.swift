import Foundation
import Testing

@testable import MoERuntime

/// The elementary functions against the system's, and where those have no say.
@Suite struct ElementaryTests {
    static let arguments: [Double] = {
        var generator = SeededGenerator(seed: 11)
        return [0, -0.0, 1e-300, -1e-20, 1e-8, 0.02, -0.02, 0.5, 1, -1, 20, -20, 700, -700, -740]
            + (0..<2000).map { _ in Double.random(in: -50...50, using: &generator) }
            + (0..<2000).map { _ in Double.random(in: -1...1, using: &generator) }
    }()

    /// |a − b| in units of b's last place.
    private func error(_ a: Double, _ b: Double) -> Double { a == b ? 0 : abs(a - b) / b.ulp }

    @Test func agreeWithTheSystem() {
        for x in Self.arguments {
            #expect(error(Elementary.exp(x), exp(x)) <= 4, "exp \(x)")
            #expect(error(Elementary.log(abs(x)), log(abs(x))) <= 4, "log \(abs(x))")
            #expect(error(Elementary.sigmoid(x), 1 / (1 + exp(-x))) <= 8, "sigmoid \(x)")
            #expect(error(Elementary.tanh(x), tanh(x)) <= 64, "tanh \(x)")
            #expect(error(Elementary.erf(x), erf(x)) <= 64, "erf \(x)")
            #expect(error(Elementary.softplus(x), max(x, 0) + log1p(exp(-abs(x)))) <= 8, "softplus \(x)")
        }
    }

    @Test func atTheEnds() {
        #expect(Elementary.exp(-.infinity) == 0 && Elementary.exp(.infinity) == .infinity && Elementary.exp(.nan).isNaN)
        #expect(Elementary.exp(-750) == 0 && Elementary.exp(710) == .infinity && Elementary.exp(0) == 1)
        #expect(error(Elementary.exp(-744), exp(-744)) <= 1)
        #expect(Elementary.log(0) == -.infinity && Elementary.log(-1).isNaN && Elementary.log(.infinity) == .infinity)
        #expect(Elementary.log(.nan).isNaN && Elementary.log(1) == 0)
        #expect(Elementary.softplus(.infinity) == .infinity && Elementary.softplus(-.infinity) == 0)
        #expect(Elementary.softplus(.nan).isNaN && Elementary.tanh(.nan).isNaN && Elementary.erf(.nan).isNaN)
        #expect(Elementary.tanh(.infinity) == 1 && Elementary.tanh(-.infinity) == -1)
        #expect(Elementary.erf(.infinity) == 1 && Elementary.erf(-.infinity) == -1 && Elementary.erf(0) == 0)
        #expect(Elementary.sigmoid(-.infinity) == 0 && Elementary.sigmoid(.infinity) == 1)
        #expect(Elementary.power(0, 3) == 0 && error(Elementary.power(2.5, 3), pow(2.5, 3)) <= 16)
    }
}
