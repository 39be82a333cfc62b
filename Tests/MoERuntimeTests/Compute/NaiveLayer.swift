import MoEFormat

@testable import MoERuntime

/// A made-up layer in double precision, computed straight from SPEC.md §9.1: what `LayerCompute` is compared with.
struct NaiveLayer {
    var hidden = 24
    var latent: Int?
    var projectionBiases = false
    var inner = 20
    var output = 24
    var experts = 5
    var identityExperts = 0
    var function = ExpertFunction(.gated, activation: .silu)
    var sharedFunction = ExpertFunction(.mlp, activation: .relu)
    var shared: LayerDescription.Shared?
    var sharedCount = 0
    var weightOn = RouterDescription.WeightTarget.output
    var outputBias = false
    var biases = true
    var routedScale = 1.0
    var outputScale = 1.0
    var latentNorm: LayerDescription.Norm?
    var expertNorm: LayerDescription.Norm?
    var outputNorm: LayerDescription.Norm?
    var seed: UInt64 = 1

    struct Matrix {
        var rows: [[Float]]

        func callAsFunction(_ x: [Double]) -> [Double] {
            rows.map { row in
                zip(row, x).reduce(0.0) { sum, pair in sum + Double(pair.0) * pair.1 }
            }
        }
    }

    struct Expert {
        var gate: Matrix?
        var up: Matrix?
        var down: Matrix
        var gateBias: [Float]?
        var upBias: [Float]?
        var downBias: [Float]?
        var sharedGate: Matrix?
    }

    struct Model {
        var description: LayerDescription
        var router: RouterDescription
        var routerParts: [StoredPart]
        var experts: [Expert]
        var shared: [Expert]
        var bias: [Float]?
        var pre: Matrix?
        var post: Matrix?
        var preBias: [Float]?
        var postBias: [Float]?
        var functions: [ExpertFunction]
        var norms: [Role: [Float]] = [:]
    }

    func make() -> Model {
        var generator = SeededGenerator(seed: seed)
        func matrix(_ outputs: Int, _ inputs: Int) -> Matrix {
            Matrix(rows: (0..<outputs).map { _ in generator.floats(inputs, in: -0.5...0.5) })
        }
        func expert(_ function: ExpertFunction, _ inputs: Int, _ inner: Int, _ outputs: Int) -> Expert {
            let bias = { (count: Int) in biases ? generator.floats(count) : nil }
            let gate = function.kind == .gated ? matrix(inner, inputs) : nil
            let up = function.kind == .linear ? nil : matrix(inner, inputs)
            return Expert(
                gate: gate, up: up, down: matrix(outputs, function.kind == .linear ? inputs : inner),
                gateBias: gate == nil ? nil : bias(inner), upBias: up == nil ? nil : bias(inner),
                downBias: bias(outputs))
        }
        var description = LayerDescription(
            hiddenSize: hidden, outputSize: output, expertSize: inner, router: 0, function: 0)
        description.routedScale = routedScale
        description.outputScale = outputScale
        description.shared = shared
        var router = RouterDescription(.topK, topK: 2)
        router.identityExperts = identityExperts
        router.weightOn = weightOn
        router.sharedInRouter = shared?.gate == .router ? sharedCount : 0
        if router.sharedInRouter > 0 { router.score = .logSigmoidNormalized }
        var parts = [
            StoredPart.matrix(
                .routerWeight, matrix(experts + identityExperts + router.sharedInRouter, hidden).rows)
        ]
        var model = Model(
            description: description, router: router, routerParts: [],
            experts: (0..<experts).map { _ in expert(function, latent ?? hidden, inner, latent ?? output) },
            shared: (0..<sharedCount).map { _ in
                var made = expert(sharedFunction, hidden, shared?.expertSize ?? 1, output)
                if shared?.gate == .sigmoid { made.sharedGate = matrix(1, hidden) }
                return made
            }, functions: [function, sharedFunction])
        if let latent {
            let pre = matrix(latent, hidden)
            let post = matrix(output, latent)
            (model.pre, model.post) = (pre, post)
            parts += [.matrix(.preProjection, pre.rows), .matrix(.postProjection, post.rows)]
            if projectionBiases {
                let (preBias, postBias) = (generator.floats(latent), generator.floats(output))
                (model.preBias, model.postBias) = (preBias, postBias)
                parts += [.vector(.preProjectionBias, preBias), .vector(.postProjectionBias, postBias)]
            }
        }
        if outputBias {
            let bias = generator.floats(output)
            model.bias = bias
            parts.append(.vector(.outputBias, bias))
        }
        for (norm, role, width) in [
            (latentNorm, Role.latentNormWeight, latent ?? 0), (expertNorm, .expertNormWeight, latent ?? output),
            (outputNorm, .outputNormWeight, output),
        ] where norm != nil {
            let weight = generator.floats(width)
            model.norms[role] = weight
            parts.append(.vector(role, weight))
        }
        model.description.latentNorm = latentNorm
        model.description.expertNorm = expertNorm
        model.description.outputNorm = outputNorm
        model.routerParts = parts
        return model
    }
}

extension NaiveLayer.Expert {
    func parts(shared isShared: Bool = false) -> [StoredPart] {
        var parts: [StoredPart] = []
        func add(_ role: Role, _ matrix: NaiveLayer.Matrix?) {
            if let matrix { parts.append(.matrix(isShared ? role.shared : role, matrix.rows)) }
        }
        func add(_ role: Role, _ vector: [Float]?) {
            if let vector { parts.append(.vector(isShared ? role.shared : role, vector)) }
        }
        let isLinear = up == nil
        add(.gateWeight, gate)
        add(.gateBias, gateBias)
        add(.upWeight, up)
        add(.upBias, upBias)
        add(isLinear ? .expertWeight : .downWeight, down)
        add(isLinear ? .expertBias : .downBias, downBias)
        if let sharedGate { parts.append(.matrix(.sharedGateWeight, sharedGate.rows)) }
        return parts
    }

    func callAsFunction(_ x: [Double], _ function: ExpertFunction) -> [Double] {
        func add(_ bias: [Float]?, _ values: [Double]) -> [Double] {
            bias.map { zip(values, $0).map { $0 + Double($1) } } ?? values
        }
        func act(_ x: Double) -> Double {
            switch function.activation {
            case .silu: softcapped(x, function.gateSoftcap) * Elementary.sigmoid(function.alpha * x)
            case .relu: max(x, 0)
            case .reluSquared: max(x, 0) * max(x, 0)
            case .gelu: 0.5 * x * (1 + Elementary.erf(x / 2.0.squareRoot()))
            case .geluTanh: 0.5 * x * (1 + Elementary.tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
            case .sigmoid: Elementary.sigmoid(x)
            case .tanh: Elementary.tanh(x)
            case .quickGelu: x * Elementary.sigmoid(1.702 * x)
            case .identity: x
            }
        }
        func clamp(_ x: Double, _ clamp: Clamp?) -> Double {
            min(max(x, clamp?.minimum ?? -.infinity), clamp?.maximum ?? .infinity)
        }
        func softcapped(_ x: Double, _ cap: Double?) -> Double { cap.map { $0 * Elementary.tanh(x / $0) } ?? x }
        guard let up else { return add(downBias, down(x)) }
        let u = add(upBias, up(x)).map {
            softcapped(clamp($0, function.upClamp), function.upSoftcap) + function.upOffset
        }
        guard let gate else { return add(downBias, down(u.map { clamp(act($0), function.activatedClamp) })) }
        let g = add(gateBias, gate(x)).map { clamp(act(clamp($0, function.gateClamp)), function.activatedClamp) }
        return add(downBias, down(zip(g, u).map { $0 * $1 }))
    }
}

extension NaiveLayer.Model {
    /// y of one token by SPEC.md §9.1, with the routing as it was decided.
    func output(_ x: [Double], experts ids: [Int], weights: [Float], sharedWeights: [Float]) -> [Double] {
        func normed(_ x: [Double], by norm: LayerDescription.Norm) -> [Double] {
            let root = (x.reduce(0) { $0 + $1 * $1 } / Double(x.count) + norm.epsilon).squareRoot()
            return x.map { $0 / root }
        }
        func weighted(_ x: [Double], _ role: Role, _ norm: LayerDescription.Norm) -> [Double] {
            zip(x, norms[role] ?? []).map { $0 * (Double($1) + norm.offset) }
        }
        func add(_ bias: [Float]?, _ values: [Double]) -> [Double] {
            bias.map { zip(values, $0).map { $0 + Double($1) } } ?? values
        }
        var input = pre.map { add(preBias, $0(x)) } ?? x
        if let norm = description.latentNorm { input = weighted(normed(input, by: norm), .latentNormWeight, norm) }
        func expert(_ id: Int, _ x: [Double]) -> [Double] {
            let value = experts[id](x, functions[0])
            guard let norm = description.expertNorm else { return value }
            return normed(weighted(value, .expertNormWeight, norm), by: norm)
        }
        var sum = [Double](repeating: 0, count: post == nil ? description.outputSize : input.count)
        for (id, weight) in zip(ids, weights) where weight != 0 {
            let w = Double(weight)
            let value: [Double]
            if id >= experts.count {
                value = input.map { $0 * w }
            } else if router.weightOn == .input {
                value = expert(id, input.map { $0 * w })
            } else {
                value = expert(id, input).map { $0 * w }
            }
            sum = zip(sum, value).map { $0 + $1 }
        }
        if let post { sum = add(postBias, post(sum)) }
        sum = sum.map { $0 * description.routedScale }
        if let rule = description.shared {
            for (index, expert) in shared.enumerated() {
                var factor = rule.scale
                if let gate = expert.sharedGate { factor *= Elementary.sigmoid(gate(x)[0]) }
                if rule.gate == .router { factor *= Double(sharedWeights[index]) }
                sum = zip(sum, expert(x, functions[1])).map { $0 + factor * $1 }
            }
            if rule.combination == .average { sum = sum.map { $0 / 2 } }
        }
        sum = add(bias, sum)
        sum = sum.map { $0 * description.outputScale }
        guard let norm = description.outputNorm else { return sum }
        return weighted(normed(sum, by: norm), .outputNormWeight, norm)
    }
}
