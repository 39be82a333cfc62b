internal import MoEFormat

/// The element-wise middle of an expert: what happens between its first and its last matrix.
struct Activation: Sendable {
    let function: ExpertFunction
    private let gateBounds: Bounds
    private let upBounds: Bounds
    private let activatedBounds: Bounds
    private let upOffset: Float

    init(_ function: ExpertFunction) {
        self.function = function
        gateBounds = Bounds(function.gateClamp)
        upBounds = Bounds(function.upClamp)
        activatedBounds = Bounds(function.activatedClamp)
        upOffset = Float(function.upOffset)
    }

    /// act(up) of an expert without a gate, clamps and offset included.
    func callAsFunction(_ up: Float) -> Float {
        activatedBounds.clamp(activate(limited(up)))
    }

    /// act(gate) · up, with clamps and offset.
    func callAsFunction(gate: Float, up: Float) -> Float {
        activatedBounds.clamp(activate(gateBounds.clamp(gate))) * limited(up)
    }

    /// The up value clamped, soft-capped and offset.
    private func limited(_ up: Float) -> Float {
        let clamped = upBounds.clamp(up)
        guard let cap = function.upSoftcap else { return clamped + upOffset }
        return Float(cap * Elementary.tanh(Double(clamped) / cap)) + upOffset
    }

    /// The activation alone, computed in double precision and rounded once.
    private func activate(_ x: Float) -> Float {
        let value = Double(x)
        switch function.activation {
        case .identity: return x
        case .relu: return x > 0 || x.isNaN ? x : 0
        case .reluSquared: return x > 0 || x.isNaN ? x * x : 0
        case .silu:
            let factor = function.gateSoftcap.map { $0 * Elementary.tanh(value / $0) } ?? value
            return Float(factor * Elementary.sigmoid(function.alpha * value))
        case .quickGelu: return Float(value * Elementary.sigmoid(1.702 * value))
        case .sigmoid: return Float(Elementary.sigmoid(value))
        case .tanh: return Float(Elementary.tanh(value))
        case .gelu:
            return Float(0.5 * value * (1 + Elementary.erf(value * 0.7071067811865476)))
        case .geluTanh:
            let inner = 0.7978845608028654 * (value + 0.044715 * value * value * value)
            return Float(0.5 * value * (1 + Elementary.tanh(inner)))
        }
    }

    /// A clamp in f32 that keeps NaN.
    private struct Bounds: Sendable {
        let minimum: Float
        let maximum: Float

        init(_ clamp: Clamp?) {
            minimum = clamp?.minimum.map { Float($0) } ?? -.infinity
            maximum = clamp?.maximum.map { Float($0) } ?? .infinity
        }

        func clamp(_ x: Float) -> Float { x < minimum ? minimum : (x > maximum ? maximum : x) }
    }
}
