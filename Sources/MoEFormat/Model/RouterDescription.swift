/// How a layer scores its experts, which it chooses and with what weights: SPEC.md §9.2 as values.
public struct RouterDescription: Hashable, Sendable {
    public enum Kind: String, Sendable {
        case topK = "top_k"
        case all
        case hash
        case hierarchical
        case expertChoice = "expert_choice"
        case unsupported
    }

    public enum Score: String, Sendable {
        case softmax
        case sigmoid
        case sqrtSoftplus = "sqrt_softplus"
        case softmaxOfChosen = "softmax_of_chosen"
        case sigmoidOfChosen = "sigmoid_of_chosen"
        case sparsemixer
        case logSigmoidNormalized = "log_sigmoid_normalized"
    }

    /// The floating-point type that a value is rounded to, to the nearest and even ones first among equals.
    public enum Precision: String, Sendable {
        case f32, bf16, f16
    }

    public enum SelectionBias: String, Sendable {
        case none, score, logit
    }

    public struct Groups: Hashable, Sendable {
        public enum Score: String, Sendable {
            case max
            case sumOfTop2 = "sum_of_top_2"
        }

        public enum Fill: String, Sendable {
            case negativeInfinity = "negative_infinity"
            case zero
        }

        public var count: Int
        public var kept: Int
        public var score: Score
        public var fill: Fill

        public init(count: Int, kept: Int, score: Score, fill: Fill) {
            self.count = count
            self.kept = kept
            self.score = score
            self.fill = fill
        }
    }

    public struct Normalization: Hashable, Sendable {
        public enum Kind: String, Sendable {
            /// w / (Σw + ε)
            case sum
            /// w / max(Σw, ε)
            case sumClamped = "sum_clamped"
        }

        public var kind: Kind
        public var epsilon: Double
        /// The p of the norm that divides; 1 is the plain sum.
        public var p: Double

        public init(_ kind: Kind, epsilon: Double = 0, p: Double = 1) {
            self.kind = kind
            self.epsilon = epsilon
            self.p = p
        }
    }

    public enum WeightTarget: String, Sendable {
        case output, input
    }

    /// A root-mean-square norm of the router's input, without a learned γ of its own.
    public struct InputNorm: Hashable, Sendable {
        public var epsilon: Double
        public var scale: Double

        public init(epsilon: Double, scale: Double) {
            self.epsilon = epsilon
            self.scale = scale
        }
    }

    public enum Noise: String, Sendable {
        /// logit + N(0, 1) · softplus(noise weight · x): Shazeer et al. 2017, eq. 4.
        case softplus
    }

    public struct Capacity: Hashable, Sendable {
        public enum Rule: String, Sendable {
            case factor, fixed, nllb
        }

        public enum Order: String, Sendable {
            case token, rank
        }

        public enum Renormalize: String, Sendable {
            case before, after
        }

        public var rule: Rule
        public var factor: Double
        public var tokens: Int
        public var minimum: Int
        public var order: Order
        public var renormalize: Renormalize

        public init(
            rule: Rule, factor: Double = 1, tokens: Int = 1, minimum: Int = 1, order: Order = .token,
            renormalize: Renormalize = .before
        ) {
            self.rule = rule
            self.factor = factor
            self.tokens = tokens
            self.minimum = minimum
            self.order = order
            self.renormalize = renormalize
        }
    }

    public var kind: Kind
    public var reason: String?
    public var topK = 1
    /// What hidden states and router weights are rounded to before their product.
    public var operandDtype: Precision = .f32
    /// What logits are rounded to before anything else is done with them.
    public var logitDtype: Precision = .f32
    public var logitScale = 1.0
    public var logitSoftcap: Double?
    public var score: Score
    public var selectionBias: SelectionBias = .none
    public var groups: Groups?
    public var normalization: Normalization?
    public var scale = 1.0
    public var perExpertScale = false
    public var weightOn: WeightTarget = .output
    public var identityExperts = 0
    public var inputNorm: InputNorm?
    public var jitter = 0.01
    public var sharedInRouter = 0
    public var noise: Noise?
    public var capacity: Capacity?
    public var groupSize = 0
    public var groupTopK = 0

    public init(_ kind: Kind, topK: Int = 1, score: Score = .softmax) {
        self.kind = kind
        self.topK = topK
        self.score = score
    }

    /// A router outside the described kinds: the file keeps its tensors and refuses to run the layer.
    public static func unsupported(_ reason: String) -> RouterDescription {
        var router = RouterDescription(.unsupported)
        router.reason = reason
        return router
    }
}
