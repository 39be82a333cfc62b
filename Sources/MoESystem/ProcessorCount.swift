import CMoESystem

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The processors that this process may run on.
public enum ProcessorCount {
    public static var available: Int { max(1, Int(moe_available_processors())) }
}
